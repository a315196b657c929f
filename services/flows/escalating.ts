import {
  type Clock,
  type Keys,
  NotFound,
  type Op,
  partitionOf,
  type Store,
} from '../../src/index.ts'
import { chooseChannels } from '../deliveries/channel-policy.ts'
import type { DeliveryJob } from '../deliveries/delivery-job.ts'
import { findDelivery } from '../deliveries/find-delivery.ts'
import { deliveryId, deliveryOps, IMMEDIATE } from '../deliveries/notification-deliveries.ts'
import type { QueueRoutes } from '../deliveries/queue-routes.ts'
import type { Directory } from '../directory/directory.ts'
import { subjectOf } from '../directory/preferences.ts'
import type { TypeRules } from '../events/type-rules.ts'
import { fanoutOp } from '../notifications/fanout.ts'
import { composedFrom } from '../notifications/kept-words.ts'
import { isUnread, type NotificationRecord } from '../notifications/notification-record.ts'
import type { Realtime } from '../notifications/realtime.ts'
import { type ChangeParts, RecordChanges } from '../notifications/record-changes.ts'
import { isShown } from './evidence.ts'
import type { FallbackContent, ReminderContent } from './follow-up-jobs.ts'
import { type Receipts, receiptIdOf } from './receipts.ts'

interface Parts extends ChangeParts {
  readonly store: Store
  readonly keys: Keys
  readonly clock: Clock
  readonly realtime: Realtime
  readonly directory: Directory
  readonly receipts: Receipts
  readonly typeRules: TypeRules
  readonly queueRoutes?: QueueRoutes
}

/** Tries harder to reach somebody: on further channels, and again and again. */
export class Escalating {
  readonly #parts: Parts
  readonly #changes: RecordChanges

  constructor(parts: Parts) {
    this.#parts = parts
    this.#changes = new RecordChanges(parts)
  }

  /** Adds the further channels, unless it was shown by now that the notification has arrived. */
  async fallBack(job: DeliveryJob<FallbackContent>) {
    const { user_id, notification_id, fallback, message, words } = job
    const { keys, clock, directory, typeRules, queueRoutes: routes } = this.#parts
    const user = user_id ?? ''
    const found = await this.#find(notification_id ?? '')
    if (found === null || isShown(found, fallback.unless, await this.#states(found))) return
    const recipient = await directory.recipient(user)
    const { priority } = found
    const composed = composedFrom(words, found.id)
    const addresses = composed?.addresses ?? {}
    const unmet = await typeRules.unmet(await typeRules.of(message), recipient)
    const wish = { subject: subjectOf(message), priority, channels: fallback.channels }
    const { channels, skipped } = chooseChannels(recipient, { ...wish, unmet, addresses })
    const change = (record: NotificationRecord) => {
      const added = channels.filter((channel) => !record.channels.includes(channel))
      const left = Object.entries({ ...record.skipped, ...skipped })
      const after = {
        ...record,
        channels: [...record.channels, ...added],
        skipped: Object.fromEntries(
          left.filter(([channel]) => !added.some((it) => it === channel)),
        ),
      }
      const making = { now: clock.now(), message, composed, channels: added, routes }
      const ops = deliveryOps(keys, after, recipient.user, making)
      return { record: after, unread: isUnread(record), ops }
    }
    await this.#changes.change(user, found.id, change).catch(ignoreGone)
  }

  /** Sends it once more; `null` when that has come to an end. */
  async remind(job: DeliveryJob<ReminderContent>): Promise<Op[] | null> {
    const { keys, clock, directory, receipts, queueRoutes: routes } = this.#parts
    const now = clock.now()
    const record = await this.#find(job.notification_id ?? '')
    if (record === null || record.acked_at !== undefined || now >= job.endsAt) return null
    const { cancelOn } = job.requireAck
    if (cancelOn === 'any' && (await receipts.isAcknowledged(receiptIdOf(record)))) return null
    if (record.channels.includes('realtime')) await this.#show(record, now)
    const { user } = await directory.recipient(record.user_id)
    const { message, round, words } = job
    const composed = composedFrom(words, record.id)
    return deliveryOps(keys, record, user, { now, message, round, composed, routes })
  }

  /** To live sessions, as if it were new. */
  async #show(record: NotificationRecord, now: number): Promise<void> {
    const { store, keys, realtime } = this.#parts
    const text = JSON.stringify(record)
    const outcome = await store.commit({
      partition: partitionOf(record.id, store.partitions),
      ops: [fanoutOp(keys, record.user_id, 'notification', text, now)],
    })
    const seq = outcome.applied ? (outcome.results[0] ?? 0) : 0
    realtime.publish(record.user_id, seq, 'notification', text)
  }

  async #find(id: string): Promise<NotificationRecord | null> {
    const { store, keys } = this.#parts
    const text = await store.get(partitionOf(id, store.partitions), keys.notification(id))
    return text === null ? null : (JSON.parse(text) as NotificationRecord)
  }

  /** How far its deliveries have come. */
  async #states(record: NotificationRecord): Promise<string[]> {
    const looked = record.channels
      .filter((channel) => !IMMEDIATE.includes(channel))
      .map((channel) => findDelivery(this.#parts, channel, deliveryId(record.id, channel)))
    const found = await Promise.all(looked)
    return found.flatMap((each) => (each ? [(JSON.parse(each.text) as DeliveryJob).status] : []))
  }
}

/** It was deleted meanwhile. */
function ignoreGone(error: unknown): void {
  if (!(error instanceof NotFound)) throw error
}
