import {
  BelfryError,
  type Bell,
  type Clock,
  inPartition,
  isoTime,
  type Keys,
  type Lease,
  type Logger,
  partitionOf,
  type Settlement,
  type Store,
  uuidFrom,
  uuidv7,
} from '../../src/index.ts'
import { enqueueOp, jobKey, makeJob } from '../deliveries/delivery-job.ts'
import type { Directory } from '../directory/directory.ts'
import { assertUserId } from '../directory/user-record.ts'
import { ownWork } from '../notifications/acceptance.ts'
import { type Message, messageOf } from '../notifications/notification-record.ts'
import type { NotificationService } from '../notifications/notification-service.ts'
import type { TemplateCatalog } from '../templates/template-catalog.ts'
import type { EventTypes } from './event-types.ts'

/** That something happened which one person may want to hear of. */
export interface NotifiableEvent {
  readonly id: string
  readonly event_type: string
  readonly user_id: string
  readonly params: Readonly<Record<string, unknown>>
  /** Of the event log, where it is in there. */
  readonly event_id: string | null
  readonly created_at: string
  readonly delete_at: string
}

export interface NewNotifiableEvent {
  readonly eventType: string
  readonly userId: string
  readonly params: Readonly<Record<string, unknown>>
  /** The same event tells the same person once. */
  readonly eventId?: string | null
}

interface Parts {
  readonly store: Store
  readonly keys: Keys
  readonly clock: Clock
  readonly log: Logger
  readonly bell: Bell
  readonly types: EventTypes
  readonly directory: Directory
  readonly catalog: TemplateCatalog
  readonly notifications: NotificationService
  /** Whether it is processed before `create` resolves. */
  readonly processesNow: boolean
}

/** Where processing goes on after a crash if it was to be done at once. */
const AFTER_CRASH_MS = 30_000
/** In the app and by mail, as far as the person wants it (seed S3-005…009). */
const CHANNELS = ['realtime', 'push', 'email'] as const

/** From an event and a person to a notification in the words of the event's template. */
export class NotifiableEvents {
  readonly #parts: Parts

  constructor(parts: Parts) {
    this.#parts = parts
  }

  /** Keeps it with the work that it makes. Throws `InvalidPayload` for an id that nobody can have. */
  async create(wanted: NewNotifiableEvent): Promise<string> {
    const { store, keys, clock, bell, types, processesNow } = this.#parts
    assertUserId(wanted.userId)
    const now = clock.now()
    const id = this.#idOf(wanted, now)
    const partition = partitionOf(id, store.partitions)
    const { retentionMs } = await types.find(wanted.eventType)
    const record = recordOf(id, wanted, retentionMs, now)
    const sendAt = processesNow ? now + AFTER_CRASH_MS : null
    const job = makeJob({ id, channel: 'notifiable', priority: 'normal', content: {}, now, sendAt })
    const outcome = await store.commit({
      partition,
      guards: [['expect', keys.notifiableEvent(id), null]],
      ops: [
        ['set', keys.notifiableEvent(id), JSON.stringify(record), retentionMs],
        enqueueOp(keys, job, now),
      ],
    })
    if (processesNow) await this.#processNow(id)
    else if (outcome.applied) bell.ring(keys.queue('notifiable'))
    return id
  }

  async #processNow(id: string): Promise<void> {
    await this.process(id)
    const { store, keys } = this.#parts
    await store.commit({
      partition: partitionOf(id, store.partitions),
      guards: [['withdraw', keys.queue('notifiable'), id]],
      ops: [['del', jobKey(keys, 'notifiable', id)]],
    })
  }

  handle = async (lease: Lease): Promise<Settlement> => {
    await this.process(lease.jobId)
    return { ops: [['del', jobKey(this.#parts.keys, 'notifiable', lease.jobId)]] }
  }

  /** Preferences, words, record, deliveries; what cannot be said is said in general terms. */
  async process(id: string): Promise<void> {
    const { store, keys, log, notifications } = this.#parts
    const text = await store.get(partitionOf(id, store.partitions), keys.notifiableEvent(id))
    if (text === null) return
    const event = JSON.parse(text) as NotifiableEvent
    const { user_id: userId, event_type: type } = event
    if (!(await this.#hasPreferences(userId))) {
      log.warn({ user: userId, event: type }, 'this user has not said what he wants')
    }
    const message = await this.#messageFor(event)
    const origin = event.event_id === null ? {} : { event_id: event.event_id }
    try {
      await notifications.send({ userId, message, identity: ownWork, id, origin })
    } catch (error) {
      // A full store or an absent one: the work comes back.
      if (!(error instanceof BelfryError) || error.retryable) throw error
      log.info({ user: userId, event: type, code: error.code }, 'a notification was not wanted')
    }
  }

  async #messageFor({ event_type: type, params }: NotifiableEvent): Promise<Message> {
    const { catalog, types, log } = this.#parts
    const { displayName, category, channels } = await types.find(type)
    const about = {
      type,
      channels: channels ?? CHANNELS,
      data: { ...params, ...(category === null ? {} : { category }) },
    }
    const template = await catalog.findForEvent(type)
    if (template === null) {
      log.error({ event: type }, 'there is no template for events of this type')
      return messageOf({ ...about, title: 'Notification', message: displayName })
    }
    const use = { name: template.id, params, keepsType: false, displayName }
    return messageOf({ ...about, message: displayName, template: use })
  }

  async #hasPreferences(userId: string): Promise<boolean> {
    const { store, keys } = this.#parts
    const partition = partitionOf(userId, store.partitions)
    return (await store.get(partition, keys.preferences(userId))) !== null
  }

  /** In the person's partition, as the notification will have the same id. */
  #idOf({ eventType, userId, eventId = null }: NewNotifiableEvent, now: number): string {
    const { store } = this.#parts
    const id = eventId === null ? uuidv7(now) : uuidFrom('notifiable', eventType, userId, eventId)
    return inPartition(id, partitionOf(userId, store.partitions), store.partitions)
  }
}

function recordOf(
  id: string,
  { eventType, userId, params, eventId = null }: NewNotifiableEvent,
  retentionMs: number,
  now: number,
): NotifiableEvent {
  return {
    id,
    event_type: eventType,
    user_id: userId,
    params,
    event_id: eventId,
    created_at: isoTime(now),
    delete_at: isoTime(now + retentionMs),
  }
}
