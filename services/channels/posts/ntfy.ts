import { jsonOf, sentAs, wordOf } from '../http/http-outcome.ts'
import { postMessageOf, shortenBytes } from '../http/post-message.ts'
import { type Target, Unsendable } from '../http/target.ts'
import { readSchemeUrl } from './scheme-url.ts'

const PRIORITIES = { critical: 5, high: 4, normal: 3, low: 2 } as const
const ACTIONS = 3

/** `ntfy://[token@]host/topic`, or `user:password@` in place of the token. */
export const ntfy: Target = {
  name: 'ntfy',
  lost: 'uncertain',
  compose(address, job) {
    const { origin, path, user, password } = readSchemeUrl(address)
    const [topic] = path
    if (topic === undefined || path.length > 1) throw new Unsendable('the address names no topic')
    const { title, text, type, priority, links } = postMessageOf(job)
    const basic = Buffer.from(`${user}:${password}`).toString('base64')
    return {
      url: `${origin}/`,
      body: JSON.stringify({
        topic,
        title: shortenBytes(title, 250),
        // What is longer than 4096 bytes arrives as a file.
        message: shortenBytes(text, 4000),
        priority: PRIORITIES[priority],
        tags: [type],
        actions: links.slice(0, ACTIONS).map(({ label, url }) => ({ action: 'view', label, url })),
      }),
      ...(user === ''
        ? {}
        : { headers: { authorization: password === '' ? `Bearer ${user}` : `Basic ${basic}` } }),
    }
  },
  read(answer) {
    const { id, error } = jsonOf(answer)
    if (answer.status < 300) return { outcome: sentAs(answer, id) }
    return { outcome: null, word: wordOf(error), isDead: [401, 403, 404].includes(answer.status) }
  },
}
