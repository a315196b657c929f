import {
  Conflict,
  InvalidPayload,
  isSafeId,
  NotFound,
  partitionOf,
  type Store,
  Unavailable,
} from '../../src/index.ts'

/** Where one kind of document is kept: the set of their ids, and each under its own key. */
export interface DocumentKeys {
  readonly all: string
  readonly one: (id: string) => string
}

interface Parts {
  readonly store: Store
  readonly keys: DocumentKeys
  /** What people call one of them: `schedule`. */
  readonly noun: string
}

const MOST_DOCUMENTS = 1000

/** A few documents that people write and the service reads whole: policies, schedules, silences. */
export class Documents<T extends { readonly id: string }> {
  readonly #store: Store
  readonly #keys: DocumentKeys
  readonly #noun: string
  readonly #partition: number

  constructor({ store, keys, noun }: Parts) {
    this.#store = store
    this.#keys = keys
    this.#noun = noun
    this.#partition = partitionOf(keys.all, store.partitions)
  }

  /** All of them, by id. */
  async list(): Promise<T[]> {
    const ids = await this.#store.members(this.#partition, this.#keys.all)
    if (ids.length === 0) return []
    const keys = ids.sort().map((id) => this.#keys.one(id))
    const texts = await this.#store.getMany(this.#partition, keys)
    return texts.flatMap((text) => (text === null ? [] : [JSON.parse(text) as T]))
  }

  async find(id: string): Promise<T> {
    return JSON.parse(await this.#read(id)) as T
  }

  /** Throws `Conflict` when there is one of that id. */
  async create(document: T): Promise<T> {
    const { id } = document
    if (!isSafeId(id)) throw new InvalidPayload(`${JSON.stringify(id)} is not a valid id.`)
    const count = await this.#store.count(this.#partition, this.#keys.all)
    if (count >= MOST_DOCUMENTS)
      throw new Conflict(`There are ${count} already; delete some first.`)
    const outcome = await this.#store.commit({
      partition: this.#partition,
      guards: [['expect', this.#keys.one(id), null]],
      ops: [
        ['set', this.#keys.one(id), JSON.stringify(document), 0],
        ['sadd', this.#keys.all, id],
      ],
    })
    if (!outcome.applied) throw new Conflict(`There is a ${this.#noun} ${id} already.`)
    return document
  }

  /** Compare and set; `NotFound` when there is none. */
  async change(id: string, change: (document: T) => T): Promise<T> {
    for (let attempt = 0; attempt < 20; attempt++) {
      const text = await this.#read(id)
      const after = change(JSON.parse(text) as T)
      const outcome = await this.#store.commit({
        partition: this.#partition,
        guards: [['expect', this.#keys.one(id), text]],
        ops: [['set', this.#keys.one(id), JSON.stringify(after), 0]],
      })
      if (outcome.applied) return after
    }
    throw new Unavailable(`The ${this.#noun} ${id} is being changed by others; try again.`)
  }

  async remove(id: string): Promise<void> {
    await this.#read(id)
    await this.#store.commit({
      partition: this.#partition,
      ops: [
        ['del', this.#keys.one(id)],
        ['srem', this.#keys.all, id],
      ],
    })
  }

  async #read(id: string): Promise<string> {
    const text = await this.#store.get(this.#partition, this.#keys.one(id))
    if (text === null) throw new NotFound(`There is no ${this.#noun} ${id}.`)
    return text
  }
}
