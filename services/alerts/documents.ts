import {
  Conflict,
  InvalidPayload,
  isSafeId,
  NotFound,
  type Op,
  partitionOf,
  type Store,
  Unavailable,
} from '../../src/index.ts'

/** Where one kind of document is kept: the set of their ids, a count of changes, each under its own key. */
export interface DocumentKeys {
  readonly all: string
  readonly version: string
  readonly one: (id: string) => string
}

interface Parts<T> {
  readonly store: Store
  readonly keys: DocumentKeys
  /** What people call one of them: `schedule`. */
  readonly noun: string
  /** How long a document is kept from now on, in milliseconds; 0 and by default: for ever. */
  readonly ttlMs?: (document: T) => number
}

/** What becomes of a document, and of others, in one write. */
interface Rewriting<T> {
  /** Every document that changes or is new, the one that was read first. */
  readonly documents: readonly [T, ...T[]]
  readonly ops?: readonly Op[]
}

const MOST_DOCUMENTS = 1000

/**
 * A few documents that people write and the service reads whole: policies,
 * schedules, silences. Reading them all again costs one small read, the count of
 * their changes, until any process writes one: what is listed is never old.
 */
export class Documents<T extends { readonly id: string }> {
  /** Where they lie: what is to happen together with a change of one is written here. */
  readonly partition: number
  readonly #store: Store
  readonly #keys: DocumentKeys
  readonly #noun: string
  readonly #ttlMs: (document: T) => number
  #read: { readonly version: string | null; readonly documents: readonly T[] } | null = null

  constructor({ store, keys, noun, ttlMs = () => 0 }: Parts<T>) {
    this.#store = store
    this.#keys = keys
    this.#noun = noun
    this.#ttlMs = ttlMs
    this.partition = partitionOf(keys.all, store.partitions)
  }

  /** All of them, by id; the same objects until one changes. */
  async list(): Promise<readonly T[]> {
    // Read first: a change in between is found by the next call at the latest.
    const version = await this.#version()
    if (this.#read !== null && this.#read.version === version) return this.#read.documents
    const documents = (await this.#stored()).flatMap(({ text }) =>
      text === null ? [] : [JSON.parse(text) as T],
    )
    this.#read = { version, documents }
    return documents
  }

  async find(id: string): Promise<T> {
    return JSON.parse(await this.#textOf(id)) as T
  }

  /** Throws `Conflict` when there is one of that id. */
  async create(document: T, more: readonly Op[] = []): Promise<T> {
    const { id } = document
    if (!isSafeId(id)) throw new InvalidPayload(`${JSON.stringify(id)} is not a valid id.`)
    const stored = await this.#stored()
    const gone = stored.filter(({ text }) => text === null)
    const count = stored.length - gone.length
    if (count >= MOST_DOCUMENTS)
      throw new Conflict(`There are ${count} already; delete some first.`)
    const outcome = await this.#store.commit({
      partition: this.partition,
      guards: [['expect', this.#keys.one(id), null]],
      ops: [
        ...gone.map((one) => ['srem', this.#keys.all, one.id] as const),
        ...this.writeOps(document),
        ...more,
      ],
    })
    if (!outcome.applied) throw new Conflict(`There is a ${this.#noun} ${id} already.`)
    return document
  }

  /** Compare and set; `NotFound` when there is none. */
  async change(id: string, change: (document: T) => T): Promise<T> {
    const [after] = await this.rewrite(id, (document) => ({ documents: [change(document)] }))
    return after
  }

  /** Compare and set of one that may bring others along; `NotFound` when there is none. */
  async rewrite(id: string, decide: (document: T) => Rewriting<T>): Promise<readonly [T, ...T[]]> {
    for (let attempt = 0; attempt < 20; attempt++) {
      const text = await this.#textOf(id)
      const { documents, ops = [] } = decide(JSON.parse(text) as T)
      const outcome = await this.#store.commit({
        partition: this.partition,
        guards: [['expect', this.#keys.one(id), text]],
        ops: [...documents.flatMap((one) => this.writeOps(one)), ...ops],
      })
      if (outcome.applied) return documents
    }
    throw new Unavailable(`The ${this.#noun} ${id} is being changed by others; try again.`)
  }

  async remove(id: string, more: readonly Op[] = []): Promise<void> {
    await this.#textOf(id)
    await this.#store.commit({
      partition: this.partition,
      ops: [
        ['del', this.#keys.one(id)],
        ['srem', this.#keys.all, id],
        ['incr', this.#keys.version, 1, 0],
        ...more,
      ],
    })
  }

  /** Stores a document; for a write of somebody else's in {@link partition}. */
  writeOps(document: T): Op[] {
    const { id } = document
    return [
      ['set', this.#keys.one(id), JSON.stringify(document), this.#ttlMs(document)],
      ['sadd', this.#keys.all, id],
      ['incr', this.#keys.version, 1, 0],
    ]
  }

  /** While they are away they are as they were read last: nobody can change them. */
  async #version(): Promise<string | null> {
    try {
      return await this.#store.get(this.partition, this.#keys.version)
    } catch (error) {
      if (this.#read === null || !(error instanceof Unavailable)) throw error
      return this.#read.version
    }
  }

  async #stored(): Promise<{ readonly id: string; readonly text: string | null }[]> {
    const ids = (await this.#store.members(this.partition, this.#keys.all)).sort()
    if (ids.length === 0) return []
    const keys = ids.map((id) => this.#keys.one(id))
    const texts = await this.#store.getMany(this.partition, keys)
    return ids.map((id, n) => ({ id, text: texts[n] ?? null }))
  }

  async #textOf(id: string): Promise<string> {
    const text = await this.#store.get(this.partition, this.#keys.one(id))
    if (text === null) throw new NotFound(`There is no ${this.#noun} ${id}.`)
    return text
  }
}
