import {
  type Clock,
  type Keys,
  NotFound,
  type Op,
  partitionOf,
  type Store,
  Unavailable,
} from '../../src/index.ts'
import { deliveryOps } from '../deliveries/notification-deliveries.ts'
import type { QueueRoutes } from '../deliveries/queue-routes.ts'
import { type Unsent, unsentOf, withdrawal } from '../deliveries/unsent.ts'
import type { Directory } from '../directory/directory.ts'
import { followUpId } from '../flows/follow-up-jobs.ts'
import { fanoutOp } from './fanout.ts'
import { inboxOps } from './inbox-ops.ts'
import { isUnread, messageOf, type NotificationRecord } from './notification-record.ts'
import type { Realtime } from './realtime.ts'
import { keptMs, notFound } from './record-changes.ts'
import type { Retention } from './retention.ts'

/** What may be changed of a notification that is out. */
export type RecordUpdate = Partial<
  Pick<
    NotificationRecord,
    'title' | 'message' | 'type' | 'priority' | 'data' | 'actions' | 'expires_at'
  >
>

interface Parts {
  readonly store: Store
  readonly keys: Keys
  readonly clock: Clock
  readonly directory: Directory
  readonly realtime: Realtime
  readonly retention: Retention
  readonly queueRoutes?: QueueRoutes
  readonly onUnread?: (user: string) => void
}

const MOST_RACES = 20

/** Says something else in place of what was said, or takes it back, on every channel that has not sent it. */
export class Recall {
  readonly #parts: Parts

  constructor(parts: Parts) {
    this.#parts = parts
  }

  /**
   * The same notification with other words, one version more; while it is unread
   * it moves to the top, and what has not gone out goes out with the new words.
   */
  async update(id: string, changes: RecordUpdate): Promise<NotificationRecord> {
    const { store, keys, directory, queueRoutes: routes } = this.#parts
    const gone = new Set<string>()
    for (let attempt = 0; attempt < MOST_RACES; attempt++) {
      const { record: before, text: old } = await this.#read(id)
      const record = { ...before, ...changes, version: before.version + 1 }
      const { user } = await directory.recipient(record.user_id)
      const unsent = (await unsentOf(this.#parts, before)).filter((each) => !gone.has(each.id))
      const ops = this.#updateOps(record, JSON.stringify(record))
      const now = this.#parts.clock.now()
      const message = messageOf(wordsOf(record))
      const making = { now, message, channels: channelsOf(unsent), routes }
      const outcome = await store.commit({
        partition: this.#at(id),
        guards: [
          ['expect', keys.notification(id), old],
          ...unsent.map((each) => withdrawal(keys, each)),
        ],
        ops: [...ops, ...deliveryOps(keys, record, user, making)],
      })
      if (outcome.applied) {
        this.#announce(
          record.user_id,
          'notification_updated',
          JSON.stringify(record),
          outcome.results,
        )
        return record
      }
      const inHand = unsent[outcome.refusedBy - 1]
      if (inHand !== undefined) gone.add(inHand.id)
    }
    throw new Unavailable(`Notification ${id} is being changed by others; try again.`)
  }

  /** Takes it out of the inbox, tells every client, and cancels what has not gone out. */
  async remove(user: string, id: string): Promise<number> {
    const { store, keys, clock } = this.#parts
    const { record } = await this.#read(id)
    if (record.user_id !== user) throw notFound(id)
    const partition = this.#at(id)
    for (const unsent of await unsentOf(this.#parts, record)) {
      await store.commit({ partition, guards: [withdrawal(keys, unsent)], ops: [] })
    }
    for (const kind of ['fallback', 'reminder']) {
      const job = followUpId(id, kind)
      await store.commit({
        partition,
        guards: [['withdraw', keys.queue('followup'), job]],
        ops: [],
      })
    }
    const gone = JSON.stringify({ id, user_id: user })
    const outcome = await store.commit({
      partition,
      ops: [
        fanoutOp(keys, user, 'notification_deleted', gone, clock.now()),
        ['discard', keys.scope, user, id],
      ],
    })
    if (!outcome.applied) return store.unreadCount(partition, keys.scope, user)
    this.#announce(user, 'notification_deleted', gone, outcome.results)
    return outcome.results[1] ?? 0
  }

  #updateOps(record: NotificationRecord, text: string): Op[] {
    const { keys, clock, retention } = this.#parts
    const { id, user_id: user } = record
    const now = clock.now()
    const frame = fanoutOp(keys, user, 'notification_updated', text, now)
    if (isUnread(record)) {
      const placing = { keys, record, text, inInbox: true, retention, now }
      return [frame, ['pull', keys.inbox(user), id], ...inboxOps(placing)]
    }
    const ttlMs = keptMs(record, { unread: false, retention, now })
    return [frame, ['set', keys.notification(id), text, ttlMs]]
  }

  #announce(user: string, type: string, data: string, results: readonly number[]): void {
    this.#parts.realtime.publish(user, results[0] ?? 0, type, data)
    this.#parts.onUnread?.(user)
  }

  async #read(id: string): Promise<{ record: NotificationRecord; text: string }> {
    const { store, keys } = this.#parts
    const text = await store.get(this.#at(id), keys.notification(id))
    if (text === null) throw new NotFound(`There is no notification ${id}.`)
    return { record: JSON.parse(text) as NotificationRecord, text }
  }

  #at(id: string): number {
    return partitionOf(id, this.#parts.store.partitions)
  }
}

/** A record's words as a message, for what is sent anew. */
function wordsOf({
  title,
  message,
  type,
  priority,
  data,
  actions,
  expires_at,
}: NotificationRecord) {
  const expiresAt = expires_at === null ? null : Date.parse(expires_at)
  return { title, message, type, priority, data, actions, expiresAt }
}

function channelsOf(unsent: readonly Unsent[]) {
  return unsent.map(({ channel }) => channel)
}
