import {
  type Clock,
  isoTime,
  type Keys,
  NotFound,
  type Op,
  partitionOf,
  type Store,
} from '../../src/index.ts'
import type { Acceptance, Identity } from '../notifications/acceptance.ts'
import { mintId } from '../notifications/mint-id.ts'

const LIMIT = 10_000
/** Event records are kept for 72 hours (seed S3-033). */
const RETENTION_MS = 72 * 3_600_000

export interface EventRecord {
  readonly id: string
  readonly type: string
  readonly payload: Readonly<Record<string, unknown>>
  readonly status: 'logged' | 'processing' | 'processed' | 'failed'
  readonly attempts: number
  readonly error: string | null
  readonly source_user: string | null
  readonly created_at: string
  readonly processed_at: string | null
  readonly delete_at: string
}

/** Operations that an event brings with it, in the partition of its id. */
export type EventEffects = (event: EventRecord) => Promise<readonly Op[]>

interface Parts {
  readonly store: Store
  readonly keys: Keys
  readonly clock: Clock
  readonly acceptance: Acceptance
}

/** What happened, kept for its retention. */
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

  async record(
    type: string,
    payload: Readonly<Record<string, unknown>>,
    { identity, sourceUser }: { identity: Identity; sourceUser: string | null },
  ): Promise<{ status: 'event_logged'; event_id: string }> {
    const { keys, clock, acceptance, store } = this.#parts
    const now = clock.now()
    const event: EventRecord = {
      id: mintId(identity, { scope: keys.scope, partitions: store.partitions, now }),
      type,
      payload,
      status: 'logged',
      attempts: 0,
      error: null,
      source_user: sourceUser,
      created_at: isoTime(now),
      processed_at: null,
      delete_at: isoTime(now + RETENTION_MS),
    }
    const accepted = await acceptance.accept({
      partition: this.#partition(event.id),
      identity,
      creates: keys.event(event.id),
      ops: [
        ['set', keys.event(event.id), JSON.stringify(event), RETENTION_MS],
        ['push', keys.eventLog(), event.id, LIMIT],
        ...(await this.#effects(event)),
      ],
      reply: { status: 'event_logged' as const, event_id: event.id },
    })
    return accepted.status === 'conflict'
      ? { status: 'event_logged', event_id: event.id }
      : accepted.reply
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
      .sort((a, b) => (a.id < b.id ? 1 : -1))
      .slice(0, limit)
  }

  #partition(id: string): number {
    return partitionOf(id, this.#parts.store.partitions)
  }
}
