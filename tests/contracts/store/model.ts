import { Keys, queueKeys } from '../../../src/store/keys.ts'
import type { Guard, Lease, Op, Outcome, Write } from '../../../src/store/store.ts'

type Value = string | string[] | Set<string> | Map<string, number>

interface Entry {
  value: Value
  /** Epoch milliseconds; `Infinity` without end. */
  expiresAt: number
}

type Kind<V extends Value> = new () => V

/** What a store is, as plainly as it can be said: one map, no batches, no files. */
export class Model {
  now: number
  readonly leases = new Map<string, { token: number; expiresAt: number }>()
  readonly takes = new Map<string, number>()
  readonly #entries = new Map<string, Entry>()

  constructor(now: number) {
    this.now = now
  }

  commit({ guards = [], ops }: Pick<Write, 'guards' | 'ops'>): Outcome {
    for (const [refusedBy, guard] of guards.entries()) {
      const refusal = this.#refusal(guard)
      if (refusal) return { applied: false, refusedBy, value: refusal.value }
    }
    for (const guard of guards) this.#pass(guard)
    return { applied: true, results: ops.map((op) => this.#tidy(this.#change(op))) }
  }

  /** Every key that has not expired, by name. */
  live(): Map<string, Value> {
    const live = [...this.#entries].filter(([, { expiresAt }]) => expiresAt > this.now)
    return new Map(live.map(([key, { value }]) => [key, value]))
  }

  list = (key: string): readonly string[] => this.#read(key, Array<string>) ?? []
  set = (key: string): ReadonlySet<string> => this.#read(key, Set<string>) ?? new Set()
  zset = (key: string): ReadonlyMap<string, number> =>
    this.#read(key, Map<string, number>) ?? new Map()

  string(key: string): string | null {
    const value = this.#entry(key)?.value
    return typeof value === 'string' ? value : null
  }

  unreadCount(scope: string, user: string): number {
    const unread = this.zset(`${scope}user:${user}:unread`)
    return [...unread.values()].filter((expiresAt) => expiresAt > this.now).length
  }

  promote(queue: string): void {
    const scheduled = this.#open(queueKeys.scheduled(queue), Map<string, number>)
    const due = [...scheduled].filter(([, at]) => at <= this.now)
    due.sort(([a, aAt], [b, bAt]) => aAt - bAt || (a < b ? -1 : 1))
    for (const [id] of due) {
      scheduled.delete(id)
      this.ready(queue, this.#priority(queue, id)).unshift(id)
    }
    this.#tidy()
  }

  ready(queue: string, priority: string): string[] {
    return this.#open(queueKeys.ready(queue, priority), Array<string>)
  }

  take(lease: Lease): void {
    const list = this.ready(lease.queue, this.#priority(lease.queue, lease.jobId))
    list.splice(list.indexOf(lease.jobId), 1)
    this.leases.set(lease.jobId, { token: lease.token, expiresAt: lease.expiresAt })
    this.takes.set(lease.jobId, lease.takes)
    this.#tidy()
  }

  drain(key: string, upTo: number): void {
    this.#open(key, Array<string>).splice(-upTo, upTo)
    this.#tidy()
  }

  #priority(queue: string, id: string): string {
    return (JSON.parse(this.string(queueKeys.job(queue, id))!) as { priority: string }).priority
  }

  #entry(key: string): Entry | undefined {
    const entry = this.#entries.get(key)
    return entry !== undefined && entry.expiresAt > this.now ? entry : undefined
  }

  #read<V extends Value>(key: string, kind: Kind<V>): V | undefined {
    const value = this.#entry(key)?.value
    return value instanceof (kind as Kind<never>) ? value : undefined
  }

  #open<V extends Value>(key: string, kind: Kind<V>): V {
    const found = this.#read(key, kind)
    if (found) return found
    const value = new kind()
    this.#entries.set(key, { value, expiresAt: Number.POSITIVE_INFINITY })
    return value
  }

  #put(key: string, value: string, ttlMs: number): number {
    return this.#entries.set(key, { value, expiresAt: this.#ends(ttlMs) }).size
  }

  #ends(ttlMs: number): number {
    return ttlMs === 0 ? Number.POSITIVE_INFINITY : this.now + ttlMs
  }

  /** A collection without members is no key. */
  #tidy(result = 0): number {
    for (const [key, { value }] of this.#entries) {
      if (typeof value === 'string') continue
      if ((Array.isArray(value) ? value.length : value.size) === 0) this.#entries.delete(key)
    }
    return result
  }

  #refusal(guard: Guard): { value: string | null } | null {
    const [kind, name, third] = guard
    if (kind === 'once') return this.#entry(name) ? { value: this.string(name) } : null
    if (kind === 'expect') return this.string(name) === third ? null : { value: this.string(name) }
    if (kind === 'below') {
      return Number(this.string(name) ?? 0) < third ? null : { value: this.string(name) }
    }
    if (kind === 'lease') return this.leases.get(third)?.token === guard[3] ? null : { value: null }
    return this.#waits(name, third) ? null : { value: null }
  }

  #waits(queue: string, id: string): boolean {
    if (this.zset(queueKeys.scheduled(queue)).has(id)) return true
    const job = this.string(queueKeys.job(queue, id))
    if (job === null) return false
    return this.list(queueKeys.ready(queue, this.#priority(queue, id))).includes(id)
  }

  #pass(guard: Guard): void {
    if (guard[0] === 'below') {
      this.#change(['incr', guard[1], 1, this.#entry(guard[1]) ? 0 : guard[3]])
      return
    }
    const [kind, name] = guard
    const id = guard[2] ?? ''
    if (kind === 'once') this.#put(name, id, guard[3])
    if (kind === 'once' || kind === 'expect') return
    if (kind === 'lease') {
      this.leases.delete(id)
      this.takes.delete(id)
    } else {
      const list = this.ready(name, this.#priority(name, id))
      if (list.includes(id)) list.splice(list.indexOf(id), 1)
      this.#open(queueKeys.scheduled(name), Map<string, number>).delete(id)
    }
    this.#entries.delete(queueKeys.job(name, id))
    this.#tidy()
  }

  #change(op: Op): number {
    switch (op[0]) {
      case 'set':
        return this.#put(op[1], op[2], op[3])
      case 'del':
        return Number(this.#entries.delete(op[1]))
      case 'expire': {
        const entry = this.#entry(op[1])
        if (entry) entry.expiresAt = this.#ends(op[2])
        return Number(entry !== undefined)
      }
      case 'incr': {
        const before = this.#entry(op[1])
        const sum = Number(before?.value ?? 0) + op[2]
        const kept = before?.expiresAt ?? Number.POSITIVE_INFINITY
        this.#entries.set(op[1], {
          value: `${sum}`,
          expiresAt: op[3] === 0 ? kept : this.#ends(op[3]),
        })
        return sum
      }
      case 'push':
        return this.#push(op[1], op[2], op[3]).length
      case 'pull': {
        const list = this.#open(op[1], Array<string>)
        const kept = list.filter((item) => item !== op[2])
        return list.splice(0, list.length, ...kept).length - kept.length
      }
      case 'sadd':
        return this.#open(op[1], Set<string>).add(op[2]).size
      case 'srem':
        return Number(this.#open(op[1], Set<string>).delete(op[2]))
      case 'zadd':
        return this.#open(op[1], Map<string, number>).set(op[3], op[2]).size
      case 'zrem':
        return Number(this.#open(op[1], Map<string, number>).delete(op[2]))
      case 'enqueue': {
        const [, queue, id, job, priority, availableAt, ttlMs] = op
        this.#put(queueKeys.job(queue, id), job, ttlMs)
        if (availableAt <= this.now) this.ready(queue, priority).unshift(id)
        else this.#open(queueKeys.scheduled(queue), Map<string, number>).set(id, availableAt)
        return 0
      }
      default:
        return this.#compound(op)
    }
  }

  #push(key: string, value: string, cap: number): string[] {
    const list = this.#open(key, Array<string>)
    list.unshift(value)
    return cap === 0 ? [] : list.splice(cap)
  }

  #compound(
    op: Extract<Op, readonly ['inbox' | 'unread' | 'read' | 'discard' | 'fanout', ...unknown[]]>,
  ) {
    const [kind, scope, user] = op
    const keys = new Keys(scope === '' ? '' : scope.slice(2, -1))
    if (kind === 'fanout') return this.#fanout(keys, user, op[3], op[4])
    if (kind === 'inbox' && this.list(keys.inbox(user)).length === 0) {
      this.#change(['zadd', keys.users(), 0, user])
    }
    const id = op[3]
    const unread = this.#open(keys.unread(user), Map<string, number>)
    if (kind === 'inbox') {
      const expiresAt = op[5] || Number.POSITIVE_INFINITY
      this.#entries.set(keys.notification(id), { value: op[4], expiresAt })
      unread.set(id, expiresAt)
      for (const fallen of this.#push(keys.inbox(user), id, op[6])) {
        unread.delete(fallen)
        this.#entries.delete(keys.notification(fallen))
      }
      return 0
    }
    if (kind === 'unread') unread.set(id, op[4] || Number.POSITIVE_INFINITY)
    else unread.delete(id)
    if (kind === 'discard') {
      this.#change(['pull', keys.inbox(user), id])
      this.#entries.delete(keys.notification(id))
    }
    return this.unreadCount(scope, user)
  }

  #fanout(keys: Keys, user: string, body: string, cap: number): number {
    const sessions = this.#open(keys.sessions(user), Set<string>)
    for (const id of sessions) if (!this.#entry(keys.session(user, id))) sessions.delete(id)
    if (sessions.size === 0) return 0
    const seq = this.#change(['incr', keys.sessionSeq(user), 1, 0])
    for (const id of sessions) {
      const entry = `{"seq":${seq},"user_id":"${user}","session_id":"${id}",${body}}`
      const queue = keys.sessionQueue(user, id)
      this.#push(queue, entry, cap)
      this.#entry(queue)!.expiresAt = this.#entry(keys.session(user, id))!.expiresAt
    }
    return seq
  }
}
