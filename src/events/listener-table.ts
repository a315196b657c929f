import { wildcard } from '../support/wildcard.ts'
import type { EventClass } from './event.ts'
import type { Entry } from './listener.ts'

interface Row {
  /** A class, a name, or a pattern with `*`. */
  readonly key: string | EventClass
  /** `null`: the key is no pattern. */
  readonly pattern: RegExp | null
  readonly entry: Entry
}

const MOST_REMEMBERED = 1000

/** Who listens to what; a table may stand on another, whose listeners count as its own. */
export class ListenerTable {
  readonly #below: ListenerTable | null
  #rows: readonly Row[] = []
  #version = 0
  readonly #byName = new Map<string, readonly Entry[]>()
  readonly #byClass = new Map<unknown, Map<string, readonly Entry[]>>()
  #rememberedAt = -1

  constructor(below: ListenerTable | null = null) {
    this.#below = below
  }

  /** Answers with the way to take it out again. */
  add(key: string | EventClass, entry: Entry): () => void {
    const isPattern = typeof key === 'string' && key.includes('*')
    const row: Row = { key, pattern: isPattern ? wildcard(key) : null, entry }
    this.#change([...this.#rows, row])
    return () => this.#change(this.#rows.filter((other) => other !== row))
  }

  /** Takes out whoever listens to exactly this. */
  remove(key: string | EventClass): void {
    this.#below?.remove(key)
    this.#change(this.#rows.filter((row) => row.key !== key))
  }

  /** Whoever listens to an event, in the order in which they are asked. */
  match(event: object | string, name: string): readonly Entry[] {
    this.#forgetIfChanged()
    const known = this.#known(event)
    const found = known.get(name)
    if (found !== undefined) return found
    const chain = typeof event === 'string' ? [] : classesOf(event)
    const entries = ordered(this.#all().filter((row) => hears(row, name, chain)))
    if (known.size >= MOST_REMEMBERED) known.clear()
    known.set(name, entries)
    return entries
  }

  /** Whoever listens to a class or to a name, patterns included. */
  hearsOf(what: string | EventClass, name: string): boolean {
    const chain = typeof what === 'string' ? [] : classChain(what)
    return this.#all().some((row) => hears(row, name, chain))
  }

  /** The listener that jobs call so; `null`: it is not loaded here. */
  named(name: string): Entry | null {
    return this.#all().find(({ entry }) => entry.name === name)?.entry ?? null
  }

  /** Key and listener of every row, as they were added. */
  get rows(): readonly { readonly key: string | EventClass; readonly listener: string }[] {
    return this.#all().map(({ key, entry }) => ({ key, listener: entry.name }))
  }

  #all(): readonly Row[] {
    return this.#below === null ? this.#rows : [...this.#below.#all(), ...this.#rows]
  }

  #known(event: object | string): Map<string, readonly Entry[]> {
    if (typeof event === 'string') return this.#byName as Map<string, readonly Entry[]>
    const made = event.constructor
    let known = this.#byClass.get(made)
    if (known === undefined) {
      known = new Map()
      this.#byClass.set(made, known)
    }
    return known
  }

  #change(rows: readonly Row[]): void {
    this.#rows = rows
    this.#version += 1
  }

  /** Grows with every change, also of the table below. */
  get version(): number {
    return this.#version + (this.#below?.version ?? 0)
  }

  #forgetIfChanged(): void {
    const { version } = this
    if (version === this.#rememberedAt) return
    this.#rememberedAt = version
    this.#byName.clear()
    this.#byClass.clear()
  }
}

function hears({ key, pattern }: Row, name: string, chain: readonly unknown[]): boolean {
  if (pattern !== null) return pattern.test(name)
  return key === name || chain.includes(key)
}

/** Higher priorities first, then exact ones before patterns, then as they were added. */
function ordered(rows: readonly Row[]): readonly Entry[] {
  const rank = ({ pattern }: Row) => (pattern === null ? 0 : 1)
  return rows
    .toSorted((a, b) => b.entry.priority - a.entry.priority || rank(a) - rank(b))
    .map(({ entry }) => entry)
}

function classesOf(event: object): unknown[] {
  return classChain(event.constructor)
}

function classChain(first: unknown): unknown[] {
  const chain: unknown[] = []
  for (let made = first; typeof made === 'function'; made = Object.getPrototypeOf(made)) {
    chain.push(made)
  }
  return chain
}
