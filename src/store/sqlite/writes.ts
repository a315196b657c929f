import { type Guard, type Op, type Outcome, STORED_RECORD, type Write } from '../store.ts'
import type { Collections, Inboxes } from './inbox.ts'
import type { Jobs } from './jobs.ts'
import { inboxOfCount, inboxOfUnread, NEVER_AT } from './unread.ts'

type Refusal = { readonly refusedBy: number; readonly value: string | null }

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

  /** A refused write has no effect: nothing is done before every guard has passed. */
  apply({ guards = [], ops }: Write): Outcome {
    const refused = this.#ask(guards) ?? this.#claim(guards)
    if (refused !== null) return { applied: false, ...refused }
    for (const guard of guards) {
      if (guard[0] === 'lease') this.#jobs.end(guard[1], guard[2], ops)
      else if (guard[0] === 'withdraw') this.#jobs.withdraw(guard[1], guard[2])
      else if (guard[0] === 'below') this.#count(guard[1], guard[3])
    }
    return { applied: true, results: ops.map((op) => this.#change(op, ops)) }
  }

  /** The value of a string, the counts that are worked out included. */
  read(key: string): string | null {
    const inbox = inboxOfCount(key)
    if (inbox === null) return this.#store.keys.get(key)
    return this.#store.keys.size(inbox) === 0 ? null : String(this.#store.unread.count(inbox))
  }

  /** The first guard that refuses; `once` is looked at only where another one does. */
  #ask(guards: readonly Guard[]): Refusal | null {
    for (const [refusedBy, guard] of guards.entries()) {
      if (guard[0] === 'once' || this.#holds(guard)) continue
      const taken = guards.findIndex((one) => one[0] === 'once' && this.read(one[1]) !== null)
      const first = taken >= 0 && taken < refusedBy ? taken : refusedBy
      const [kind, key] = guards[first]!
      return {
        refusedBy: first,
        value: kind === 'lease' || kind === 'withdraw' ? null : this.read(key),
      }
    }
    return null
  }

  #holds(guard: Exclude<Guard, readonly ['once', ...unknown[]]>): boolean {
    if (guard[0] === 'expect') return this.read(guard[1]) === guard[2]
    if (guard[0] === 'below') return Number(this.read(guard[1]) ?? 0) < guard[2]
    if (guard[0] === 'lease') return this.#jobs.isLeased(guard[1], guard[2], guard[3])
    return this.#jobs.isWaiting(guard[1], guard[2])
  }

  /** Sets what is to be set once; the first that is taken refuses and undoes those before it. */
  #claim(guards: readonly Guard[]): Refusal | null {
    const { keys } = this.#store
    for (const [refusedBy, guard] of guards.entries()) {
      if (guard[0] !== 'once') continue
      if (keys.claim(guard[1], guard[2], this.#ends(guard[3]))) continue
      for (const before of guards.slice(0, refusedBy)) {
        if (before[0] === 'once') keys.delete(before[1])
      }
      return { refusedBy, value: this.read(guard[1]) }
    }
    return null
  }

  /** The window opens with the first that is counted. */
  #count(key: string, windowMs: number): void {
    const { keys } = this.#store
    keys.increment(key, 1, keys.get(key) === null ? this.#ends(windowMs) : null)
  }

  #change(op: Op, ops: readonly Op[]): number {
    const { keys, lists, sets } = this.#store
    switch (op[0]) {
      case 'set':
        keys.set(op[1], op[2], this.#ends(op[3]))
        return 1
      case 'del':
        return this.#delete(op[1])
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
        return this.#score(op[1], op[2], op[3])
      case 'zrem':
        return this.#unscore(op[1], op[2])
      default:
        return this.#compound(op, ops)
    }
  }

  #compound(op: CompoundOp, ops: readonly Op[]): number {
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
        return this.#inboxes.mark(op[1], op[2], op[3], op[4])
      case 'read':
        return this.#inboxes.mark(op[1], op[2], op[3], null)
      case 'discard':
        return this.#inboxes.discard(op[1], op[2], op[3])
      case 'fanout':
        return this.#inboxes.fanOut(op[1], op[2], () => withRecord(op[3], ops), op[4])
    }
  }

  #delete(key: string): number {
    const inbox = inboxOfUnread(key)
    if (inbox !== null) this.#store.unread.clear(inbox)
    return Number(this.#store.keys.delete(key))
  }

  #score(key: string, score: number, member: string): number {
    const inbox = inboxOfUnread(key)
    if (inbox === null) return this.#store.zsets.add(key, score, member)
    return this.#store.unread.mark(inbox, member, Math.min(score, NEVER_AT))
  }

  #unscore(key: string, member: string): number {
    const inbox = inboxOfUnread(key)
    if (inbox === null) return this.#store.zsets.remove(key, member)
    return this.#store.unread.mark(inbox, member, null)
  }

  #ends(ttlMs: number): number | null {
    return ttlMs === 0 ? null : this.#store.keys.now + ttlMs
  }
}

/** The body of a fan-out with the record that the write stores in its place. */
function withRecord(body: string, ops: readonly Op[]): string {
  if (!body.includes(STORED_RECORD)) return body
  const inbox = ops.find((op) => op[0] === 'inbox')
  return inbox ? body.replace(STORED_RECORD, () => inbox[4]) : body
}

type CompoundOp = Extract<
  Op,
  readonly ['enqueue' | 'inbox' | 'unread' | 'read' | 'discard' | 'fanout', ...unknown[]]
>
