import { jsonOf, wordOf } from '../http/http-outcome.ts'
import { postMessageOf } from '../http/post-message.ts'
import { type Target, Unsendable, type Verdict } from '../http/target.ts'
import { readSchemeUrl } from './scheme-url.ts'

const TYPES = { critical: 'failure', high: 'warning', normal: 'info', low: 'info' } as const

/** `apprise://host/<key>[?tag=…]`: an Apprise API that knows where a key leads. */
export const apprise: Target = {
  name: 'apprise',
  lost: 'uncertain',
  compose(address, job) {
    const { origin, path } = readSchemeUrl(address)
    const key = path.at(-1)
    if (key === undefined) throw new Unsendable('the address has no key')
    const base = [origin, ...path.slice(0, -1).map(encodeURIComponent)].join('/')
    const { title, text, type, priority, links } = postMessageOf(job)
    const tag = address.searchParams.get('tag')
    return {
      url: `${base}/notify/${encodeURIComponent(key)}`,
      body: JSON.stringify({
        title,
        body: [text, ...links.map(({ label, url }) => `${label}: ${url}`)].join('\n') || title,
        type: type === 'success' ? type : TYPES[priority],
        format: 'text',
        ...(tag === null ? {} : { tag }),
      }),
    }
  },
  read(answer): Verdict {
    const { status } = answer
    const word = wordOf(jsonOf(answer).error)
    // 204: nothing is configured under this key. 424: some of its services took it, some did not.
    if (status === 204) {
      return {
        outcome: { status: 'failed', reason: 'nobody listens under this key' },
        isDead: true,
      }
    }
    if (status === 424) {
      const reason = `answered 424: ${word ?? 'not every service took it'}`
      return { outcome: { status: 'uncertain', reason } }
    }
    return { outcome: null, word, isDead: [401, 403, 404].includes(status) }
  },
}
