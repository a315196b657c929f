import type { Guard, Op, Outcome, Write } from '../store.ts'
import { type Collections, countedBy, type Inboxes } from './inbox.ts'
import type { Jobs } from './jobs.ts'

/** Applies writes to the tables, inside a transaction of the caller's. */
export class Writes {
  readonly #store: Collections
  readonly #inboxes: Inboxes
  readonly #jobs: Jobs

  constructor(collections: Collections, parts: { inboxes: Inboxes; jobs: Jobs }) {
    this.#store = collections
    this.#inboxes = parts.inboxes
    this.#jobs = parts.jobs
  }

  /** Every guard is asked before the first one has an effect. */
  apply({ guards = [], ops }: Write): Outcome {
    for (const [refusedBy, guard] of guards.entries()) {
      const refusal = this.#ask(guard)
      if (refusal !== null) return { applied: false, refusedBy, value: refusal.value }
    }
    for (const guard of guards) this.#pass(guard)
    return { applied: true, results: ops.map((op) => this.#change(op)) }
  }

  /** The value of a string, the counts that are worked out included. */
  read(key: string): string | null {
    const counted = countedBy(key)
    if (counted === null) return this.#store.keys.get(key)
    if (this.#store.zsets.size(counted) === 0) return null
    return String(this.#store.zsets.countAbove(counted, this.#store.keys.now))
  }

  #ask(guard: Guard): { readonly value: string | null } | null {
    switch (guard[0]) {
      case 'once': {
        const value = this.read(guard[1])
        return value === null ? null : { value }
      }
      case 'expect': {
        const value = this.read(guard[1])
        return value === guard[2] ? null : { value }
      }
      case 'lease':
        return this.#jobs.isLeased(guard[1], guard[2], guard[3]) ? null : { value: null }
      case 'withdraw':
        return this.#jobs.isWaiting(guard[1], guard[2]) ? null : { value: null }
    }
  }

  #pass(guard: Guard): void {
    if (guard[0] === 'once') this.#store.keys.set(guard[1], guard[2], this.#ends(guard[3]))
    else if (guard[0] === 'lease') this.#jobs.end(guard[1], guard[2])
    else if (guard[0] === 'withdraw') this.#jobs.withdraw(guard[1], guard[2])
  }

  #change(op: Op): number {
    const { keys, lists, sets, zsets } = this.#store
    switch (op[0]) {
      case 'set':
        keys.set(op[1], op[2], this.#ends(op[3]))
        return 1
      case 'del':
        return Number(keys.delete(op[1]))
      case 'expire':
        return Number(keys.expire(op[1], keys.now + op[2]))
      case 'incr':
        return keys.increment(op[1], op[2], this.#ends(op[3]))
      case 'push':
        return lists.trim(lists.push(op[1], op[2]), op[3]).length
      case 'pull':
        return lists.pull(op[1], op[2])
      case 'sadd':
        return sets.add(op[1], op[2])
      case 'srem':
        return sets.remove(op[1], op[2])
      case 'zadd':
        return zsets.add(op[1], op[2], op[3])
      case 'zrem':
        return zsets.remove(op[1], op[2])
      default:
        return this.#compound(op)
    }
  }

  #compound(op: CompoundOp): number {
    switch (op[0]) {
      case 'enqueue': {
        const [, queue, id, text, priority, availableAt, ttlMs] = op
        this.#jobs.put(queue, id, { text, priority, availableAt, ttlMs })
        return 1
      }
      case 'inbox': {
        const [, scope, user, id, record, expiresAt, limit] = op
        return this.#inboxes.put(scope, user, { id, record, expiresAt, limit })
      }
      case 'unread':
        return this.#inboxes.markUnread(op[1], op[2], op[3], op[4])
      case 'read':
        return this.#inboxes.markRead(op[1], op[2], op[3])
      case 'discard':
        return this.#inboxes.discard(op[1], op[2], op[3])
      case 'fanout':
        return this.#inboxes.fanOut(op[1], op[2], op[3], op[4])
    }
  }

  #ends(ttlMs: number): number | null {
    return ttlMs === 0 ? null : this.#store.keys.now + ttlMs
  }
}

type CompoundOp = Extract<
  Op,
  readonly ['enqueue' | 'inbox' | 'unread' | 'read' | 'discard' | 'fanout', ...unknown[]]
>
