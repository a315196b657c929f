import { jsonOf, sentAs, wordOf } from '../http/http-outcome.ts'
import { postMessageOf } from '../http/post-message.ts'
import { type Target, Unsendable } from '../http/target.ts'
import { readSchemeUrl } from './scheme-url.ts'

const PRIORITIES = { critical: 10, high: 7, normal: 5, low: 2 } as const

/** `gotify://host[/path]/<application token>`. */
export const gotify: Target = {
  name: 'gotify',
  lost: 'uncertain',
  compose(address, job) {
    const { origin, path } = readSchemeUrl(address)
    const token = path.at(-1)
    if (token === undefined) throw new Unsendable('the address has no token')
    const base = [origin, ...path.slice(0, -1).map(encodeURIComponent)].join('/')
    const { title, text, priority, links } = postMessageOf(job)
    const [link] = links
    return {
      url: `${base}/message`,
      body: JSON.stringify({
        title,
        message: text,
        priority: PRIORITIES[priority],
        ...(link ? { extras: { 'client::notification': { click: { url: link.url } } } } : {}),
      }),
      headers: { 'x-gotify-key': token },
    }
  },
  read(answer) {
    const { id, errorDescription } = jsonOf(answer)
    if (answer.status < 300) return { outcome: sentAs(answer, id) }
    const isDead = [401, 403, 404].includes(answer.status)
    return { outcome: null, word: wordOf(errorDescription), isDead }
  },
}
