import type { AlertNews } from '../../services/alerts/alert-record.ts'
import type { SendOutcome } from '../../services/channels/channel.ts'
import type { DeliveryJob } from '../../services/deliveries/delivery-job.ts'
import type { NotificationRecord } from '../../services/notifications/notification-record.ts'
import type { UnreadTopic } from '../../services/notifications/unread-topic.ts'
import type { Refused } from '../../services/operations/dead-letters.ts'
import { isBroadcastQueue } from '../broadcasting/broadcaster.ts'
import type { HttpRefusal } from '../http/request-run.ts'
import type { Publisher } from '../mqtt/message.ts'
import type { Refusal } from '../mqtt/refusal.ts'
import type { ErrorBody } from '../support/errors.ts'
import type { Logger } from '../support/logger.ts'
import type { Metrics } from '../support/metrics.ts'
import type { Services } from './services.ts'

/** Of a message, for those who watch. */
const SHOWN_CHARACTERS = 200

interface Parts {
  readonly services: () => Services
  readonly publisher: Publisher
  readonly unreadTopic: UnreadTopic
  readonly metrics: Metrics
  readonly log: Logger
}

/** What the outside is told of what happened inside: topics, counters, and whoever watches. */
export class Announcements {
  readonly #parts: Parts

  constructor(parts: Parts) {
    this.#parts = parts
  }

  /** A notification is stored. */
  onStored = (record: NotificationRecord, isWatched: boolean): void => {
    const { services, unreadTopic } = this.#parts
    const { id, user_id, title, message, type, priority, channels, skipped, held } = record
    const { broadcast_id, group_id, template, source } = record
    unreadTopic.changed(user_id, isWatched)
    const what = { id, user_id, title, message, type, priority, channels, skipped, held }
    services().activity.record('notification', {
      ...{ ...what, message: message.slice(0, SHOWN_CHARACTERS) },
      ...{ broadcast_id, group_id, template, source },
    })
  }

  /** Somebody read, archived or snoozed one of his notifications. */
  onMarked = (change: string, { id, user_id }: NotificationRecord): void => {
    this.#parts.services().activity.record(change, { id, user_id })
  }

  onAlertNews = ({ event, alert }: AlertNews): void => {
    const { services, publisher, metrics, log } = this.#parts
    const { id, type, severity, message, source } = alert
    if (event === 'triggered') metrics.alertsRaised.inc({ severity })
    if (event === 'acknowledged') {
      metrics.alertAck.observe({ severity }, Date.now() / 1000 - alert.timestamp)
    }
    if (event === 'escalated' || event === 'exhausted') {
      metrics.escalations.inc({ severity, outcome: event })
    }
    const text = JSON.stringify({ event, alert })
    services().realtime.broadcast('alerts', `alert.${event}`, text)
    services().activity.record(`alert.${event}`, { id, type, severity, message, source })
    publisher.publish('notifications/alerts/updates', text, { qos: 1 }).catch((error) => {
      log.warn({ err: error, alert: id }, 'an alert update was not published')
    })
  }

  /** Records what the MQTT door refused; resolves when that is stored. */
  onRefused = (refusal: Refusal): Promise<void> => {
    this.#parts.metrics.refused.inc({ door: 'mqtt', code: refusal.code })
    const { tenant: _tenant, ...refused } = refusal
    return this.#keepRefused({ ...refused, door: 'mqtt' })
  }

  /** The same of HTTP, which counts by itself and has answered by then. */
  onRequestRefused = ({ target: topic, ...refusal }: HttpRefusal): void => {
    this.#keepRefused({ ...refusal, topic, door: 'http' }).catch((failure) => {
      this.#parts.log.warn({ err: failure }, 'a refusal was not recorded')
    })
  }

  async #keepRefused(refused: Refused): Promise<void> {
    const { services, publisher, log } = this.#parts
    const { id, topic, code, error, at } = await services().deadLetters.add(refused)
    const { notification_id } = error
    const reason = inWords(error)
    services().activity.record('refused', { id, topic, code, reason, notification_id })
    if (code === 'filtered') return
    publisher
      .publish('notifications/errors', JSON.stringify({ id, topic, error, at }))
      .catch((failure) => log.debug({ err: failure }, 'a refusal was not published'))
  }

  onOutcome = (job: DeliveryJob, provider: string, outcome: SendOutcome, tookMs: number): void => {
    const { services, metrics } = this.#parts
    const { status } = outcome
    const { id, channel, notification_id, user_id, attempts } = job
    if (isBroadcastQueue(channel)) metrics.broadcasts.inc({ driver: provider, outcome: status })
    metrics.deliveries.inc({ channel, provider, outcome: status })
    if (status !== 'postponed' && status !== 'skipped') {
      metrics.providerSeconds.observe({ channel, provider }, tookMs / 1000)
    }
    if (status === 'sent') {
      metrics.deliveryLatency.observe({ channel }, Math.max(0, Date.now() / 1000 - job.send_at))
    }
    services().activity.record('delivery', {
      ...{ id, channel, provider, status, notification_id, user_id, attempt: attempts + 1 },
      ...('reason' in outcome ? { reason: outcome.reason } : {}),
    })
  }
}

/** What is wrong, as exactly as it was said. */
function inWords({ message, issues = [] }: ErrorBody): string {
  const [first] = issues
  if (first === undefined || message.includes(first.message)) return message
  return `${first.path} ${first.message}`.trim()
}
