import {
  type Clock,
  inPartition,
  type Keys,
  type Op,
  partitionOf,
  type Store,
  uuidFrom,
  uuidv7,
} from '../../src/index.ts'
import { type Acceptance, type Identity, ownWork } from './acceptance.ts'

/** What one write holds at most: a larger one would keep everybody else waiting. */
const CHUNK_ENTRIES = 250
const CHUNK_CHARACTERS = 1_000_000
const DRAFT_TTL_MS = 3_600_000

interface Entry {
  /** The record that it makes. */
  readonly creates: string
  readonly ops: readonly Op[]
}

interface Batch<Reply> {
  readonly identity: Identity
  readonly reply: Reply
  /** What tells the entries apart, in the batch as it came. */
  readonly indices: readonly number[]
  /** The entry at a place of `indices`, under the id that it gets. */
  entryOf(id: string, place: number): Entry
}

interface Parts {
  readonly store: Store
  readonly keys: Keys
  readonly clock: Clock
  readonly acceptance: Acceptance
}

/**
 * Accepts many entries as one message. A batch of ordinary size is one write. A
 * larger one is several, of which the last makes it accepted; the ids follow
 * from the batch and the index, so that a repetition after a crash in between
 * makes only what is missing.
 */
export class BatchAcceptance {
  readonly #parts: Parts

  constructor(parts: Parts) {
    this.#parts = parts
  }

  async accept<Reply>(batch: Batch<Reply>): Promise<Reply> {
    const { identity, reply, indices } = batch
    const { acceptance, store } = this.#parts
    const { name, draftKey, partition } = await this.#nameOf(identity)
    const entries = indices.map((index, place) => {
      const id = inPartition(uuidFrom(name, String(index)), partition, store.partitions)
      return batch.entryOf(id, place)
    })
    const [last, ...others] = chunksOf(entries)
    if (last === undefined) return reply
    if (others.length > 0 && !(await this.#isAccepted(identity, partition))) {
      if (draftKey !== null) await this.#keepName(partition, draftKey, name)
      for (const chunk of others) {
        await acceptance.accept({ partition, identity: ownWork, ...chunk, reply: null })
      }
    }
    const done: Op[] = others.length > 0 && draftKey !== null ? [['del', draftKey]] : []
    const ops = [...last.ops, ...done]
    const accepted = await acceptance.accept<Reply>({ ...last, partition, identity, ops, reply })
    return accepted.status === 'conflict' ? reply : accepted.reply
  }

  /**
   * What the ids of a batch are made from: its idempotency key; else its own id,
   * which a redelivered packet finds again.
   */
  async #nameOf(identity: Identity) {
    const { keys, store, clock } = this.#parts
    const { id, idempotencyKey, target, packet } = identity
    const fresh = id ?? uuidv7(clock.now())
    if (idempotencyKey !== null) {
      const name = uuidFrom(keys.scope, target, idempotencyKey)
      return { name, draftKey: null, partition: partitionOf(name, store.partitions) }
    }
    if (packet === null) {
      return { name: fresh, draftKey: null, partition: partitionOf(fresh, store.partitions) }
    }
    const draftKey = `${keys.packet(packet.id)}:batch`
    const partition = partitionOf(packet.id, store.partitions)
    const begun = packet.dup ? await store.get(partition, draftKey) : null
    return { name: begun ?? fresh, draftKey, partition }
  }

  async #keepName(partition: number, draftKey: string, name: string): Promise<void> {
    const { store } = this.#parts
    await store.commit({ partition, ops: [['set', draftKey, name, DRAFT_TTL_MS]] })
  }

  /** Whether the key was used before: then nothing more is made, whatever this body says. */
  async #isAccepted({ idempotencyKey, target, packet }: Identity, partition: number) {
    const { store, keys } = this.#parts
    const marks = [
      ...(idempotencyKey === null ? [] : [keys.idempotency(target, idempotencyKey)]),
      ...(packet?.dup ? [keys.packet(packet.id)] : []),
    ]
    if (marks.length === 0) return false
    return (await store.getMany(partition, marks)).some((mark) => mark !== null)
  }
}

function chunksOf(entries: readonly Entry[]): { creates: string; ops: Op[] }[] {
  const chunks: { creates: string; ops: Op[] }[] = []
  let room = 0
  let characters = 0
  for (const { creates, ops } of entries) {
    const size = JSON.stringify(ops).length
    if (room === 0 || characters + size > CHUNK_CHARACTERS) {
      chunks.push({ creates, ops: [] })
      room = CHUNK_ENTRIES
      characters = 0
    }
    chunks.at(-1)!.ops.push(...ops)
    room -= 1
    characters += size
  }
  return chunks
}
