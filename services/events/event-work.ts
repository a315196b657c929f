import {
  backoffMs,
  type Clock,
  type Dispatched,
  type EventDispatcher,
  isoTime,
  type Keys,
  type Lease,
  type Op,
  partitionOf,
  queueKeys,
  type Settlement,
  type Store,
} from '../../src/index.ts'
import {
  type DeliveryJob,
  enqueueOp,
  FAILED_LIMIT,
  FINAL_TTL_MS,
  jobKey,
} from '../deliveries/delivery-job.ts'
import type { Tell } from '../operations/activity.ts'
import type { EventRecord } from './event-log.ts'
import type { NotifiableEvents } from './notifiable-events.ts'

/** Which listeners need not be asked again. */
interface EventContent {
  readonly done?: readonly string[]
}

type EventJob = DeliveryJob<EventContent>

interface Parts {
  readonly store: Store
  readonly keys: Keys
  readonly clock: Clock
  readonly dispatcher: () => EventDispatcher
  readonly notifiables: NotifiableEvents
  readonly tell?: Tell
}

/** Tells the listeners of events that came from outside, and those whom an event names. */
export class EventWork {
  readonly #parts: Parts

  constructor(parts: Parts) {
    this.#parts = parts
  }

  handle = async (lease: Lease): Promise<Settlement> => {
    const job = JSON.parse(lease.job) as EventJob
    return { ops: await this.#process(job) }
  }

  /** The same before the event is answered; a worker goes on if this does not come to its end. */
  now = async (id: string): Promise<void> => {
    const { store, keys } = this.#parts
    const partition = partitionOf(id, store.partitions)
    const text = await store.get(partition, jobKey(keys, 'event', id))
    if (text === null) return
    const ops = await this.#process(JSON.parse(text) as EventJob)
    const guards = [['withdraw', keys.queue('event'), id] as const]
    await store.commit({ partition, guards, ops })
  }

  async #process(job: EventJob): Promise<Op[]> {
    const { keys, store, dispatcher, notifiables } = this.#parts
    const partition = partitionOf(job.id, store.partitions)
    const text = await store.get(partition, keys.event(job.id))
    if (text === null) return [['del', jobKey(keys, 'event', job.id)]]
    const before = JSON.parse(text) as EventRecord
    const event: EventRecord = { ...before, status: 'processing', attempts: before.attempts + 1 }
    await store.commit({ partition, ops: this.#keep(event) })
    const { id, type, payload, target_users: targets } = event
    const dispatched = await dispatcher().attempt(id, type, payload, job.done ?? [])
    for (const userId of targets) {
      await notifiables.create({ eventType: type, userId, params: payload, eventId: id })
    }
    return dispatched.failures.length === 0
      ? this.#processed(event)
      : this.#failedAttempt(job, event, dispatched)
  }

  #processed(event: EventRecord): Op[] {
    const { keys, clock } = this.#parts
    const done: EventRecord = {
      ...event,
      status: 'processed',
      error: null,
      processed_at: isoTime(clock.now()),
    }
    this.#tell(done)
    return [...this.#keep(done), ['del', jobKey(keys, 'event', event.id)]]
  }

  /** Tried again without the listeners that are done; given up after the last try. */
  async #failedAttempt(
    job: EventJob,
    event: EventRecord,
    { done, failures }: Dispatched,
  ): Promise<Op[]> {
    const { keys, clock, dispatcher } = this.#parts
    const now = clock.now()
    const error = failures
      .map(({ entry, error: each }) => `${entry.name}: ${each.message}`)
      .join('; ')
    const tried: EventJob = { ...job, attempts: job.attempts + 1, done }
    if (tried.attempts < job.max_attempts) {
      const next = { ...tried, send_at: (now + backoffMs(tried.attempts)) / 1000 }
      const pending: EventRecord = { ...event, status: 'pending', error }
      this.#tell(pending)
      return [...this.#keep(pending), enqueueOp(keys, next, now)]
    }
    for (const { entry, error: each } of failures) {
      await dispatcher().reportFailure(entry, event.payload, event.type, each)
    }
    const entry = { at: isoTime(now), provider: 'listener', outcome: 'failed', reason: error }
    const lost = { ...tried, status: 'failed', history: [...job.history, entry] }
    const failed: EventRecord = { ...event, status: 'failed', error }
    this.#tell(failed)
    return [
      ...this.#keep(failed),
      ['set', jobKey(keys, 'event', job.id), JSON.stringify(lost), 7 * FINAL_TTL_MS],
      ['push', queueKeys.failed(keys.queue('event')), job.id, FAILED_LIMIT],
    ]
  }

  #tell({ id, type, status, attempts, error }: EventRecord): void {
    this.#parts.tell?.(`event.${status}`, { id, type, attempt: attempts, reason: error })
  }

  /** It lives as long as it was to live from the beginning. */
  #keep(event: EventRecord): Op[] {
    const { keys, clock } = this.#parts
    const left = Math.max(1000, Date.parse(event.delete_at) - clock.now())
    return [['set', keys.event(event.id), JSON.stringify(event), left]]
  }
}
