import { createHash } from 'node:crypto'
import {
  type Clock,
  type Guard,
  isoTime,
  type Keys,
  type Op,
  partitionOf,
  type Store,
  type StoredKey,
} from '../../src/index.ts'

/** How long it is known that somebody was erased: by a digest of his id, which tells nobody who. */
const TOMBSTONE_MS = 400 * 86_400_000
/** Shorter words also mean something else: they count only where they stand for themselves. */
const CERTAIN_LENGTH = 8
const MOST_OPS = 500
/** Somebody who writes all the time is not waited for. */
const MOST_PASSES = 5

interface Parts {
  readonly store: Store
  readonly keys: Keys
  readonly clock: Clock
}

/**
 * Takes the last traces of somebody out of the store: looks at every key, deletes
 * what is his, and puts a pseudonym in his place where a record belongs to others.
 */
export class Erasure {
  readonly #parts: Parts

  constructor(parts: Parts) {
    this.#parts = parts
  }

  /** `words`: his id and addresses. Answers how many keys were changed. */
  async sweep(user: string, words: readonly string[]): Promise<number> {
    const { store, keys, clock } = this.#parts
    const needles = words.filter((word) => word !== '').map(needleOf)
    const pseudonym = pseudonymOf(user)
    const looking = { own: needles[0]!, needles, pseudonym }
    let changed = 0
    for (let pass = 0; pass < MOST_PASSES; pass++) {
      const done = await this.#pass(looking)
      changed += done.changed
      if (done.refused === 0) break
    }
    const tombstone = keys.erased(hashOf(user))
    await store.commit({
      partition: partitionOf(tombstone, store.partitions),
      ops: [['set', tombstone, isoTime(clock.now()), TOMBSTONE_MS]],
    })
    return changed
  }

  /** One look at everything; what somebody else changed meanwhile is left to the next. */
  async #pass(looking: Looking): Promise<{ changed: number; refused: number }> {
    const { store, keys } = this.#parts
    let [changed, refused] = [0, 0]
    for await (const found of store.keys(`${keys.scope}*`)) {
      if (found.key.startsWith(`${keys.scope}audit`)) continue
      const { guards, ops } = this.#opsFor(found, looking)
      for (let start = 0; start < ops.length; start += MOST_OPS) {
        const some = ops.slice(start, start + MOST_OPS)
        const { applied } = await store.commit({ partition: found.partition, guards, ops: some })
        if (!applied) refused += 1
      }
      if (ops.length > 0) changed += 1
    }
    return { changed, refused }
  }

  #opsFor(found: StoredKey, { own, needles, pseudonym }: Looking): { guards: Guard[]; ops: Op[] } {
    const { key, kind, value, ttlMs } = found
    const isHis = own.inKey.test(key)
    const says = (text: string) => needles.some(({ inText }) => inText.test(text))
    if (isHis) return { guards: [], ops: [['del', key]] }
    switch (kind) {
      case 'string': {
        if (!says(value)) return { guards: [], ops: [] }
        if (/_job:/.test(key)) return { guards: [], ops: [['del', key]] }
        const rest = needles.reduce((text, { inText }) => {
          return text.replaceAll(new RegExp(inText.source, 'g'), pseudonym)
        }, value)
        // Somebody may change it at the same moment: his change goes first.
        return { guards: [['expect', key, value]], ops: [['set', key, rest, ttlMs ?? 0]] }
      }
      case 'list':
        return { guards: [], ops: value.filter(says).map((item): Op => ['pull', key, item]) }
      case 'set':
        return { guards: [], ops: value.filter(says).map((item): Op => ['srem', key, item]) }
      case 'zset':
        return {
          guards: [],
          ops: value.filter(([item]) => says(item)).map(([item]): Op => ['zrem', key, item]),
        }
      default:
        return { guards: [], ops: [] }
    }
  }
}

interface Needle {
  readonly inKey: RegExp
  readonly inText: RegExp
}

interface Looking {
  readonly own: Needle
  readonly needles: readonly Needle[]
  readonly pseudonym: string
}

/** Where a word stands for itself: between others' separators in keys, in quotes in texts. */
function needleOf(word: string): Needle {
  const literal = word.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
  const inKey = new RegExp(`(?<=^|[:/ .])${literal}(?=$|[:/ .])`)
  if (word.length >= CERTAIN_LENGTH) return { inKey, inText: new RegExp(literal) }
  return { inKey, inText: new RegExp(`(?<=")${literal}(?=")|(?<=^|[ ])${literal}(?=$|[ ])`) }
}

/** What stands in his place. */
function pseudonymOf(user: string): string {
  return `erased-${hashOf(user).slice(0, 12)}`
}

function hashOf(user: string): string {
  return createHash('sha256').update(`erased\0${user}`).digest('hex').slice(0, 32)
}
