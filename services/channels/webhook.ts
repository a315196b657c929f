import { isoTime } from '../../src/index.ts'
import type { PostJob } from './http/post-message.ts'
import { type Target, Unsendable, type Verdict } from './http/target.ts'
import { isWebhookSecret, webhookHeaders } from './webhook-signature.ts'

/** The secrets that sign what goes to a user's webhook, newest first. */
export type SecretsOf = (userId: string | null) => Promise<readonly string[]>

/**
 * Any receiver of Standard Webhooks: `{type, timestamp, data}` with the
 * notification as data, signed. The delivery's id is the webhook's, so that
 * whatever is sent again is recognised; 410 says that the receiver is gone.
 */
export function webhookTarget(secretsOf: SecretsOf): Target {
  return {
    name: 'webhook',
    lost: 'retry',
    async compose(address, job, now) {
      const secrets = await secretsOf(job.user_id)
      if (!secrets.every(isWebhookSecret)) {
        throw new Unsendable('webhook_secret is not whsec_ and base64 of at least 16 bytes')
      }
      const body = bodyOf(job)
      const headers = webhookHeaders({ id: job.id, at: now, body, secrets })
      return { url: address.href, body, headers, isTrusted: job.is_trusted ?? false }
    },
    read: ({ status }): Verdict => ({ outcome: null, isDead: status === 410 }),
  }
}

/** The same bytes at every try; when it was sent is in the headers. */
function bodyOf({ created_at, notification, payload, webhook }: PostJob): string {
  if (payload !== undefined) return JSON.stringify(payload)
  return JSON.stringify({
    type: webhook?.type ?? 'notification.created',
    timestamp: isoTime(created_at * 1000),
    data: webhook?.payload ?? notification,
  })
}
