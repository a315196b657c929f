import { jsonOf, sentAs, waitOf, wordOf } from '../http/http-outcome.ts'
import { postMessageOf, shorten } from '../http/post-message.ts'
import { type Target, Unsendable, type Verdict } from '../http/target.ts'

const PRIORITIES = { critical: 2, high: 1, normal: 0, low: -1 } as const
const MOST_URL = 512
/** A critical message is repeated until somebody has seen it: every minute, for an hour. */
const EMERGENCY = { retry: 60, expire: 3600 }

/** `pushover://<user or group key>`, as the application of `PUSHOVER_TOKEN`. */
export function pushover(app: { token: string | null; apiUrl: string | null }): Target {
  return {
    name: 'pushover',
    lost: 'uncertain',
    compose({ host }, job) {
      if (app.token === null) throw new Unsendable('PUSHOVER_TOKEN is not set')
      const { title, text, priority, links, createdAt } = postMessageOf(job)
      const [link] = links.filter(({ url }) => url.length <= MOST_URL)
      return {
        url: `${app.apiUrl ?? 'https://api.pushover.net'}/1/messages.json`,
        body: JSON.stringify({
          token: app.token,
          user: host,
          title: shorten(title, 250),
          message: shorten(text, 1024) || title,
          priority: PRIORITIES[priority],
          ...(priority === 'critical' ? EMERGENCY : {}),
          ...(link ? { url: link.url, url_title: shorten(link.label, 100) } : {}),
          timestamp: Math.floor(Date.parse(createdAt) / 1000),
        }),
        isTrusted: true,
      }
    },
    read(answer, now): Verdict {
      const { request, errors, user, token } = jsonOf(answer)
      if (answer.status < 300) return { outcome: sentAs(answer, request) }
      const word = wordOf(Array.isArray(errors) ? errors.join(', ') : null)
      const resetAt = Number(answer.headers['x-limit-app-reset'])
      if (answer.status === 429 && resetAt > 0) {
        const reason = 'answered 429: the application has used up its month'
        const retryAfterMs = waitOf(resetAt * 1000 - now)
        return { outcome: { status: 'retry', reason, retryAfterMs }, isGlobalLimit: true }
      }
      return { outcome: null, word, isDead: user === 'invalid', isLockedOut: token === 'invalid' }
    },
  }
}
