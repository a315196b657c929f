import {
  type Clock,
  Conflict,
  InvalidPayload,
  type Keys,
  NotFound,
  type Op,
  partitionOf,
} from '../../src/index.ts'
import type { AlertActions } from '../alerts/alert-actions.ts'
import { enqueueOp, makeJob } from '../deliveries/delivery-job.ts'
import type { EventLog } from '../events/event-log.ts'
import { Counts } from '../statistics/counts.ts'
import { ownWork } from './acceptance.ts'
import type { InboxService } from './inbox-service.ts'
import { type Action, isUnread, type NotificationRecord } from './notification-record.ts'
import { type ChangeParts, RecordChanges } from './record-changes.ts'

export interface ActionDone {
  /** `queued`: it is carried out by a worker; the delivery `job_id` says how that went. */
  readonly status: 'done' | 'queued' | 'already_done'
  readonly type: Action['type']
  /** What is to be opened. */
  readonly url?: unknown
  readonly job_id?: string
}

interface Choosing {
  /** The place of the action in the notification's list, from 0. */
  readonly index: number
  readonly text: string | null
}

interface Parts extends ChangeParts {
  readonly keys: Keys
  readonly clock: Clock
  readonly inbox: InboxService
  readonly alertActions: AlertActions
  readonly events: EventLog
  /** Whether actions may publish on a topic. */
  readonly mayPublish: (topic: string) => boolean
}

/** Does what somebody chooses to do about a notification of his; each action is done once. */
export class NotificationActions {
  readonly #parts: Parts
  readonly #changes: RecordChanges
  readonly #counts: Counts

  constructor(parts: Parts) {
    this.#parts = parts
    this.#changes = new RecordChanges(parts)
    this.#counts = new Counts(parts.keys)
  }

  async perform(user: string, id: string, choosing: Choosing): Promise<ActionDone> {
    const record = await this.#parts.inbox.find(user, id)
    const action = record.actions[choosing.index]
    if (action === undefined) {
      throw new NotFound(`Notification ${id} has ${record.actions.length} actions, from 0 on.`)
    }
    this.#assertPossible(action, choosing)
    const isFirst = await this.#choose(record, action, choosing)
    await this.#follow(record, action, choosing)
    const { type, url } = action
    if (type === 'view') return { status: 'done', type, url }
    if (!isFirst) return { status: 'already_done', type }
    const job_id = actionId(id, choosing.index)
    return isWork(action) ? { status: 'queued', type, job_id } : { status: 'done', type }
  }

  #assertPossible(action: Action, { text }: Choosing): void {
    const { topic } = action
    if (action.type === 'mqtt' && !this.#parts.mayPublish(String(topic))) {
      const message = `Actions may not publish on ${String(topic)}; ACTION_TOPICS says where they may.`
      throw new Conflict(message)
    }
    if (action.type === 'reply' && (text ?? '').trim() === '') {
      throw new InvalidPayload('text is required', [{ path: 'text', message: 'is required' }])
    }
  }

  /** Notes it in the record and queues what is to be carried out, in one write; whether it was the first time. */
  async #choose(
    { user_id, id }: NotificationRecord,
    action: Action,
    { index, text }: Choosing,
  ): Promise<boolean> {
    const { store, keys, clock } = this.#parts
    const now = clock.now()
    let isFirst = true
    await this.#changes.change(user_id, id, (record, at) => {
      const done = record.done ?? {}
      isFirst = done[index] === undefined
      const { type, variant } = record
      const ops: Op[] = this.#counts.ops(
        [{ type, variant, channels: ['inbox'], metric: 'clicked' }],
        { partition: partitionOf(user_id, store.partitions), now },
      )
      if (isFirst && isWork(action)) {
        const content = { action, index, text }
        const about = { channel: 'action', priority: record.priority, content, now }
        const ids = { id: actionId(id, index), userId: user_id, notificationId: id }
        ops.push(enqueueOp(keys, makeJob({ ...about, ...ids }), now))
      }
      return {
        record: { ...record, done: { [index]: at, ...done } },
        unread: isUnread(record),
        ops: isFirst || action.type === 'view' ? ops : [],
      }
    })
    return isFirst
  }

  /** What an action does besides: doing it again changes nothing. */
  async #follow(
    { id, user_id, data }: NotificationRecord,
    action: Action,
    { index, text }: Choosing,
  ): Promise<void> {
    const { inbox, alertActions, events } = this.#parts
    if (action.type === 'ack') {
      await inbox.acknowledge(user_id, id)
      const alert = typeof data.alert_id === 'string' ? data.alert_id : null
      if (alert !== null) await alertActions.acknowledge(alert, { who: user_id, note: null })
    } else await inbox.markRead(user_id, id)
    if (action.type !== 'reply') return
    const identity = {
      ...ownWork,
      idempotencyKey: actionId(id, index),
      target: 'reply',
      digest: '',
    }
    const payload = { notification_id: id, user_id, index, text }
    await events.record('notification.replied', payload, { identity, sourceUser: user_id })
  }
}

/** The work of carrying out an action, in its user's partition. */
export function actionId(notificationId: string, index: number): string {
  return `${notificationId}.${index}.action`
}

/** Whether it takes more than writing it down. */
function isWork({ type, url }: Action): boolean {
  return type === 'mqtt' || type === 'http' || (type === 'reply' && url !== undefined)
}
