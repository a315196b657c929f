import { randomUUID } from 'node:crypto'
import { userOfChannel } from '../broadcasting/channel-name.ts'
import { ownerOfChannel } from '../broadcasting/personal-channels.ts'
import type { Keys } from '../store/keys.ts'
import type { Op, Store } from '../store/store.ts'
import { Unavailable } from '../support/errors.ts'
import { partitionOf } from '../support/ids.ts'
import type { Position } from './position.ts'

/** Events that are kept of one channel (contract §5), for a day after the last. */
const LIMIT = 1000
const TTL_MS = 86_400_000
const ATTEMPTS = 50

export interface KeptEvent {
  readonly offset: number
  readonly event: string
  /** JSON text. */
  readonly data: string
}

/** What came after a place. */
export interface Recovery {
  /** Where the history ends now. */
  readonly position: Position
  readonly missed: readonly KeptEvent[]
  /** What is missing for good; `null`: nothing. */
  readonly gap:
    | { readonly reason: 'forgotten' }
    | { readonly reason: 'too_many'; readonly from: number; readonly to: number }
    | null
}

/** The user on whose own channel this is, and who therefore may come back to it; `null`: nobody. */
export function ownerOfHistory(channel: string): string | null {
  return userOfChannel(channel) === null ? ownerOfChannel(channel) : null
}

/** The last events of users' own channels, numbered, so that whoever was away gets what he missed. */
export class ChannelHistory {
  readonly #store: Store
  readonly #keys: Keys
  /** The write before, by channel: events of one process do not race each other. */
  readonly #writes = new Map<string, Promise<unknown>>()

  constructor(parts: { readonly store: Store; readonly keys: Keys }) {
    this.#store = parts.store
    this.#keys = parts.keys
  }

  /** Numbers an event and keeps it. Rejects with `Unavailable`. */
  keep(channel: string, event: string, data: string): Promise<Position> {
    const before = this.#writes.get(channel) ?? Promise.resolve()
    const write = before
      .catch(() => undefined)
      .then(() =>
        this.#move(channel, ({ epoch, offset }) => {
          const next = { epoch, offset: offset + 1 }
          const entry = JSON.stringify({ offset: next.offset, event, data } satisfies KeptEvent)
          return { next, ops: [['push', this.#keys.channelHistory(channel), entry, LIMIT]] }
        }),
      )
      .finally(() => {
        if (this.#writes.get(channel) === write) this.#writes.delete(channel)
      })
    this.#writes.set(channel, write)
    return write
  }

  /** Where a channel's history ends; begins it. */
  async end(channel: string): Promise<Position> {
    const text = await this.#store.get(this.#at(channel), this.#keys.channelPosition(channel))
    if (text !== null) return JSON.parse(text) as Position
    return this.#move(channel, (next) => ({ next, ops: [] }))
  }

  /** What came after a place; of one that it does not know (another epoch's) all, or nothing. */
  async since(channel: string, from: Position, elsewhere: 'start' | 'end'): Promise<Recovery> {
    const position = await this.end(channel)
    const isKnown = from.epoch === position.epoch && from.offset <= position.offset
    const gap = isKnown ? null : ({ reason: 'forgotten' } as const)
    const offset = isKnown ? from.offset : elsewhere === 'start' ? 0 : position.offset
    if (position.offset === offset) return { position, missed: [], gap }
    return this.#after(channel, { ...position, offset }, gap)
  }

  /** Whether everything since a place is there. */
  async holds(channel: string, from: Position): Promise<boolean> {
    const { epoch, offset } = await this.end(channel)
    return from.epoch === epoch && from.offset <= offset && offset - from.offset <= LIMIT
  }

  async #after(
    channel: string,
    { epoch, offset }: Position,
    gap: Recovery['gap'],
  ): Promise<Recovery> {
    const key = this.#keys.channelHistory(channel)
    const texts = await this.#store.list(this.#at(channel), key, 0, LIMIT - 1)
    const missed = texts
      .map((text) => JSON.parse(text) as KeptEvent)
      .filter((kept) => kept.offset > offset)
      .reverse()
    const first = missed[0]?.offset ?? offset + 1
    const hole = { reason: 'too_many', from: offset + 1, to: first - 1 } as const
    const position = { epoch, offset: missed.at(-1)?.offset ?? offset }
    return { position, missed, gap: gap ?? (first > offset + 1 ? hole : null) }
  }

  /** One step of a channel, against whoever makes another at the same moment. */
  async #move(
    channel: string,
    step: (from: Position) => { readonly next: Position; readonly ops: readonly Op[] },
  ): Promise<Position> {
    const partition = this.#at(channel)
    const key = this.#keys.channelPosition(channel)
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const text = await this.#store.get(partition, key)
      const from =
        text === null ? { epoch: randomUUID(), offset: 0 } : (JSON.parse(text) as Position)
      const { next, ops } = step(from)
      const { applied } = await this.#store.commit({
        partition,
        guards: [['expect', key, text]],
        ops: [
          ...(text === null ? [['del', this.#keys.channelHistory(channel)] as const] : []),
          ['set', key, JSON.stringify(next), TTL_MS],
          ...ops,
          ['expire', this.#keys.channelHistory(channel), TTL_MS],
        ],
      })
      if (applied) return next
    }
    throw new Unavailable(`Too much happens on the channel ${channel} at once; try again.`)
  }

  #at(channel: string): number {
    return partitionOf(ownerOfHistory(channel) ?? channel, this.#store.partitions)
  }
}
