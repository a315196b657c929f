import { jsonOf, sentAs, wordOf } from '../http/http-outcome.ts'
import { postMessageOf, shorten } from '../http/post-message.ts'
import type { Target } from '../http/target.ts'

const SEVERITIES = {
  critical: 'critical',
  high: 'error',
  normal: 'warning',
  low: 'info',
} as const

/** `pagerduty://<routing key>`: an event of the Events API v2, one incident for one alert. */
export function pagerduty({ apiUrl }: { apiUrl: string | null }): Target {
  return {
    name: 'pagerduty',
    // The same dedup_key is the same incident: it may be sent again.
    lost: 'retry',
    compose({ host }, job) {
      const { id, title, text, type, priority, links, createdAt, thread, data } = postMessageOf(job)
      const { source } = data
      return {
        url: `${apiUrl ?? 'https://events.pagerduty.com'}/v2/enqueue`,
        body: JSON.stringify({
          routing_key: host,
          event_action: /\bresolved?$/.test(type) ? 'resolve' : 'trigger',
          dedup_key: shorten(thread, 255),
          client: 'Belfry',
          payload: {
            summary: shorten(`${title}: ${text}`, 1024),
            source: typeof source === 'string' && source !== '' ? source : 'belfry',
            severity: SEVERITIES[priority],
            timestamp: createdAt,
            class: type,
            custom_details: { ...data, message: text, notification_id: id },
          },
          links: links.map(({ label, url }) => ({ href: url, text: label })),
        }),
        isTrusted: true,
      }
    },
    read(answer) {
      const { dedup_key: id, message, errors } = jsonOf(answer)
      if (answer.status < 300) return { outcome: sentAs(answer, id) }
      const word = wordOf(Array.isArray(errors) ? errors.join(', ') : message)
      return { outcome: null, word, isDead: /routing.?key/i.test(word ?? '') }
    },
  }
}
