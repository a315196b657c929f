import {
  type Clock,
  isoTime,
  type Keys,
  NotFound,
  type Op,
  partitionOf,
  type Store,
} from '../../src/index.ts'
import { enqueueOp, makeJob } from '../deliveries/delivery-job.ts'
import { type Acceptance, type Identity, sourceOf } from '../notifications/acceptance.ts'
import { mintId } from '../notifications/mint-id.ts'
import type { Tell } from '../operations/activity.ts'
import type { EventTypes } from './event-types.ts'

const LIMIT = 10_000
/** Where processing goes on after a crash if it was to be done at once. */
const AFTER_CRASH_MS = 30_000
const CLEANED_AT_ONCE = 200
/** Of a payload, for those who watch. */
const SHOWN_CHARACTERS = 200

export interface EventRecord {
  readonly id: string
  readonly type: string
  readonly payload: Readonly<Record<string, unknown>>
  readonly status: 'pending' | 'processing' | 'processed' | 'failed'
  readonly attempts: number
  readonly error: string | null
  readonly source_user: string | null
  /** Who is told of it in the words of its template, besides those whom listeners tell. */
  readonly target_users: readonly string[]
  readonly created_at: string
  readonly processed_at: string | null
  readonly delete_at: string
}

export interface EventLogged {
  readonly status: 'event_logged'
  readonly event_id: string
}

export interface EventSource {
  readonly identity: Identity
  readonly sourceUser: string | null
  readonly targetUsers?: readonly string[]
}

/** Operations that an event brings with it, in the partition of its id. */
export type EventEffects = (event: EventRecord) => Promise<readonly Op[]>

interface Parts {
  readonly store: Store
  readonly keys: Keys
  readonly clock: Clock
  readonly acceptance: Acceptance
  readonly types: EventTypes
  /** Processes an event before it is answered; `null`: a worker does, afterwards. */
  readonly processNow?: ((id: string) => Promise<void>) | null
  readonly tell?: Tell
}

/** What happened, kept for its type's retention, with what became of it. */
export class EventLog {
  readonly #parts: Parts
  #effects: EventEffects = async () => []

  constructor(parts: Parts) {
    this.#parts = parts
  }

  /** What else happens with an event that happened: operations of the same write. */
  onRecord(effects: EventEffects): void {
    this.#effects = effects
  }

  /** Keeps an event with the work that it makes, in one write. Throws `InvalidPayload`, `NotFound`. */
  async record(
    type: string,
    payload: Readonly<Record<string, unknown>>,
    source: EventSource,
  ): Promise<EventLogged> {
    const { keys, clock, acceptance, store, types, processNow = null } = this.#parts
    const { identity } = source
    const now = clock.now()
    const id = mintId(identity, { scope: keys.scope, partitions: store.partitions, now })
    const event = makeEvent(id, type, await types.check(type, payload), source, now)
    const { retentionMs } = await types.find(type)
    const kept = { ...event, delete_at: isoTime(now + retentionMs) }
    const sendAt = processNow === null ? null : now + AFTER_CRASH_MS
    const job = makeJob({ id, channel: 'event', priority: 'normal', content: {}, now, sendAt })
    const accepted = await acceptance.accept<EventLogged>({
      partition: this.#partition(id),
      identity,
      creates: keys.event(id),
      ops: [
        ['set', keys.event(id), JSON.stringify(kept), retentionMs],
        ['push', keys.eventLog(), id, LIMIT],
        enqueueOp(keys, job, now),
        ...(await this.#effects(kept)),
      ],
      reply: { status: 'event_logged', event_id: id },
    })
    if (accepted.status === 'fresh') {
      this.#tell(kept, sourceOf(identity))
      await processNow?.(id)
    }
    return accepted.status === 'conflict'
      ? { status: 'event_logged', event_id: id }
      : accepted.reply
  }

  #tell({ id, type, payload, source_user }: EventRecord, source: string): void {
    const text = JSON.stringify(payload).slice(0, SHOWN_CHARACTERS)
    this.#parts.tell?.('event', { id, type, payload: text, source_user, source })
  }

  async find(id: string): Promise<EventRecord> {
    const { store, keys } = this.#parts
    const text = await store.get(this.#partition(id), keys.event(id))
    if (text === null) throw new NotFound(`There is no event ${id}.`)
    return JSON.parse(text) as EventRecord
  }

  /** Newest first over all partitions. */
  async list(limit: number, type: string | null): Promise<EventRecord[]> {
    const { store, keys } = this.#parts
    const pages = await Promise.all(
      Array.from({ length: store.partitions }, async (_, partition) => {
        const ids = await store.list(partition, keys.eventLog(), 0, type === null ? limit - 1 : 999)
        return ids.length === 0 ? [] : store.getMany(partition, ids.map(keys.event))
      }),
    )
    return pages
      .flat()
      .flatMap((text) => (text === null ? [] : [JSON.parse(text) as EventRecord]))
      .filter((event) => type === null || event.type === type)
      .sort((a, b) => b.created_at.localeCompare(a.created_at) || (a.id < b.id ? 1 : -1))
      .slice(0, limit)
  }

  /** Takes out of the log what is past its time, oldest first; answers how many. */
  async cleanUp(partition: number): Promise<number> {
    const { store, keys } = this.#parts
    const ids = await store.list(partition, keys.eventLog(), -CLEANED_AT_ONCE, -1)
    if (ids.length === 0) return 0
    const texts = await store.getMany(partition, ids.map(keys.event))
    const gone = ids.filter((_, index) => texts[index] === null)
    if (gone.length === 0) return 0
    const ops = gone.map((id) => ['pull', keys.eventLog(), id] as const)
    await store.commit({ partition, ops })
    return gone.length
  }

  #partition(id: string): number {
    return partitionOf(id, this.#parts.store.partitions)
  }
}

function makeEvent(
  id: string,
  type: string,
  payload: Readonly<Record<string, unknown>>,
  { sourceUser, targetUsers = [] }: EventSource,
  now: number,
): Omit<EventRecord, 'delete_at'> {
  return {
    ...{ id, type, payload, status: 'pending', attempts: 0, error: null },
    source_user: sourceUser,
    target_users: targetUsers,
    created_at: isoTime(now),
    processed_at: null,
  }
}
