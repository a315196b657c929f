import {
  type Clock,
  isoTime,
  type Keys,
  type Op,
  partitionOf,
  type Store,
} from '../../src/index.ts'
import type { Tell } from '../operations/activity.ts'

/** Why a message was not a notification of its own, for machines. */
export type TraceReason =
  | 'preference'
  | 'condition'
  | 'delay'
  | 'muted'
  | 'throttled'
  | 'digest'
  | 'expired'
  | 'vetoed'
  | 'canceled'

/** What is kept of a message that became no notification of its own (`trace:<id>`). */
export interface TraceRecord {
  readonly id: string
  readonly user_id: string
  readonly type: string
  readonly title: string
  readonly status: 'dropped' | 'merged'
  readonly reason: TraceReason
  /** The notification that it became a part of. */
  readonly into?: string
  readonly detail?: string
  readonly created_at: string
}

const TRACE_TTL_MS = 86_400_000

/** Writes down a trace, as part of the write that decides. */
export function traceOp(keys: Keys, trace: Omit<TraceRecord, 'created_at'>, now: number): Op {
  const text = JSON.stringify({ ...trace, created_at: isoTime(now) })
  return ['set', keys.trace(trace.id), text, TRACE_TTL_MS]
}

/** Tells whoever watches that a message became no notification of its own. */
export function tellOfTrace(
  tell: Tell | undefined,
  trace: Omit<TraceRecord, 'created_at'>,
  source: string,
): void {
  const { status: what, ...rest } = trace
  tell?.(what, { ...rest, source })
}

/** Why messages were dropped or merged, for a day. */
export class Traces {
  readonly #store: Store
  readonly #keys: Keys
  readonly #clock: Clock
  readonly #tell: Tell | undefined

  constructor(parts: { store: Store; keys: Keys; clock: Clock; tell?: Tell }) {
    this.#store = parts.store
    this.#keys = parts.keys
    this.#clock = parts.clock
    this.#tell = parts.tell
  }

  async find(id: string): Promise<TraceRecord | null> {
    const partition = partitionOf(id, this.#store.partitions)
    const text = await this.#store.get(partition, this.#keys.trace(id))
    return text === null ? null : (JSON.parse(text) as TraceRecord)
  }

  /** `source`: the topic or path that it came by. */
  async note(trace: Omit<TraceRecord, 'created_at'>, source: string): Promise<void> {
    const partition = partitionOf(trace.id, this.#store.partitions)
    const op = traceOp(this.#keys, trace, this.#clock.now())
    await this.#store.commit({ partition, ops: [op] })
    tellOfTrace(this.#tell, trace, source)
  }
}
