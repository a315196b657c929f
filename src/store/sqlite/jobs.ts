import { queueKeys } from '../keys.ts'
import { type Lease, type Op, PRIORITIES, type Priority, type QueueDepth } from '../store.ts'
import type { Collections } from './inbox.ts'

/** Of fourteen jobs that are not critical: eight high, four normal, two low, well mixed. */
const TURNS: readonly Priority[] = [
  'high',
  'normal',
  'high',
  'high',
  'low',
  'high',
  'normal',
  'high',
  'normal',
  'high',
  'high',
  'low',
  'high',
  'normal',
]
/** Most scheduled jobs that become ready in one call. */
const PROMOTED_AT_ONCE = 1_000
const FAILED_KEPT = 10_000

/** Job queues, made of the lists and sorted sets that `queueKeys` names. */
export class Jobs {
  readonly #store: Collections
  /** Where each queue is in its turns. */
  readonly #turns = new Map<string, number>()
  /** Above all that an earlier process gave out. */
  #lastToken = Date.now() * 1_000

  constructor(collections: Collections) {
    this.#store = collections
  }

  put(
    queue: string,
    id: string,
    job: { text: string; priority: Priority; availableAt: number; ttlMs: number },
  ): void {
    const { keys, lists, zsets } = this.#store
    const expiresAt = job.ttlMs === 0 ? null : keys.now + job.ttlMs
    keys.set(queueKeys.job(queue, id), job.text, expiresAt)
    if (job.availableAt > keys.now) zsets.add(queueKeys.scheduled(queue), job.availableAt, id)
    else lists.push(queueKeys.ready(queue, job.priority), id)
  }

  isLeased(queue: string, id: string, token: number): boolean {
    return this.#store.zsets.get(queueKeys.leases(queue), id)?.note === token
  }

  /** Ends a job that is leased: nothing of it remains, but its text where the same write changes that. */
  end(queue: string, id: string, ops: readonly Op[]): void {
    const { keys, zsets } = this.#store
    zsets.remove(queueKeys.leases(queue), id)
    zsets.remove(queueKeys.takes(queue), id)
    const key = queueKeys.job(queue, id)
    if (!ops.some((op) => op[0] === 'set' && op[1] === key)) keys.delete(key)
  }

  /** Whether a job can be withdrawn: it is scheduled or ready, not taken. */
  isWaiting(queue: string, id: string): boolean {
    const { lists, zsets } = this.#store
    if (zsets.get(queueKeys.scheduled(queue), id) !== null) return true
    if (zsets.get(queueKeys.leases(queue), id) !== null) return false
    const priority = this.#priorityOf(queue, id)
    return priority !== null && lists.includes(queueKeys.ready(queue, priority), id)
  }

  withdraw(queue: string, id: string): void {
    const { lists, zsets } = this.#store
    if (zsets.remove(queueKeys.scheduled(queue), id) === 0) {
      const priority = this.#priorityOf(queue, id)
      if (priority !== null) lists.pull(queueKeys.ready(queue, priority), id)
    }
    this.end(queue, id, [])
  }

  take(queue: string, limit: number, leaseMs: number): Lease[] {
    if (this.#store.keys.get(queueKeys.paused(queue)) !== null) return []
    this.#promote(queue)
    const leases: Lease[] = []
    while (leases.length < limit) {
      const picked = this.#pick(queue, limit - leases.length)
      if (picked.length === 0) break
      for (const [n, id] of picked.entries()) {
        const lease = this.#lease(queue, id, leaseMs)
        if (lease === null) continue
        const wasLost = lease.takes > 1
        const isOurs = !wasLost || leases.length === 0
        if (isOurs) leases.push(lease)
        else this.#store.zsets.remove(queueKeys.leases(queue), id)
        if (!wasLost) continue
        this.#putBack(queue, picked.slice(isOurs ? n + 1 : n))
        return leases
      }
    }
    return leases
  }

  #putBack(queue: string, ids: readonly string[]): void {
    for (const id of ids.toReversed()) {
      const priority = this.#priorityOf(queue, id)
      if (priority !== null) this.#store.lists.pushOldest(queueKeys.ready(queue, priority), id)
    }
  }

  extend(lease: Lease, leaseMs: number): boolean {
    const { keys, zsets } = this.#store
    if (!this.isLeased(lease.queue, lease.jobId, lease.token)) return false
    zsets.add(queueKeys.leases(lease.queue), keys.now + leaseMs, lease.jobId, lease.token)
    return true
  }

  reap(queue: string, maxTakes: number): { requeued: string[]; failed: string[] } {
    const { keys, lists, zsets } = this.#store
    const requeued: string[] = []
    const failed: string[] = []
    const lost = zsets.byScore(queueKeys.leases(queue), -Infinity, keys.now, -1)
    // The one whose lease ran out first ends up at the very head.
    for (const { member: id } of lost.reverse()) {
      zsets.remove(queueKeys.leases(queue), id)
      const takes = this.#takesOf(queue, id) + 1
      const priority = this.#priorityOf(queue, id)
      if (priority === null) {
        zsets.remove(queueKeys.takes(queue), id)
      } else if (takes >= maxTakes) {
        zsets.remove(queueKeys.takes(queue), id)
        lists.trim(lists.push(queueKeys.failed(queue), id), FAILED_KEPT)
        failed.push(id)
      } else {
        zsets.add(queueKeys.takes(queue), takes, id)
        lists.pushOldest(queueKeys.ready(queue, priority), id)
        requeued.push(id)
      }
    }
    return { requeued, failed }
  }

  depth(queue: string): QueueDepth {
    const { lists, zsets } = this.#store
    const ready = (priority: Priority) => lists.length(queueKeys.ready(queue, priority))
    const next = zsets.byScore(queueKeys.scheduled(queue), -Infinity, Infinity, 1)[0]
    return {
      ready: {
        critical: ready('critical'),
        high: ready('high'),
        normal: ready('normal'),
        low: ready('low'),
      },
      scheduled: zsets.size(queueKeys.scheduled(queue)),
      leased: zsets.size(queueKeys.leases(queue)),
      failed: lists.length(queueKeys.failed(queue)),
      nextDueAt: next?.score ?? null,
    }
  }

  #promote(queue: string): void {
    const { keys, lists, zsets } = this.#store
    const scheduled = queueKeys.scheduled(queue)
    for (const { member: id } of zsets.byScore(scheduled, -Infinity, keys.now, PROMOTED_AT_ONCE)) {
      zsets.remove(scheduled, id)
      const priority = this.#priorityOf(queue, id)
      if (priority !== null) lists.push(queueKeys.ready(queue, priority), id)
    }
  }

  /** Takes up to `count` ids out of the ready lists, by their turns. */
  #pick(queue: string, count: number): string[] {
    const { lists } = this.#store
    const wanted = this.#share(queue, count)
    return PRIORITIES.flatMap((priority) =>
      lists.shift(queueKeys.ready(queue, priority), wanted[priority]),
    )
  }

  #share(queue: string, count: number): Record<Priority, number> {
    const { ready } = this.depth(queue)
    const wanted = { critical: Math.min(count, ready.critical), high: 0, normal: 0, low: 0 }
    let left = Math.min(count - wanted.critical, ready.high + ready.normal + ready.low)
    let turn = this.#turns.get(queue) ?? 0
    while (left > 0) {
      const priority = TURNS[turn % TURNS.length]!
      turn += 1
      if (wanted[priority] === ready[priority]) continue
      wanted[priority] += 1
      left -= 1
    }
    this.#turns.set(queue, turn % TURNS.length)
    return wanted
  }

  #lease(queue: string, id: string, leaseMs: number): Lease | null {
    const { keys, zsets } = this.#store
    const job = keys.get(queueKeys.job(queue, id))
    if (job === null) {
      zsets.remove(queueKeys.takes(queue), id)
      return null
    }
    const expiresAt = keys.now + leaseMs
    this.#lastToken += 1
    const token = this.#lastToken
    // A job that was put in twice is in somebody's hands already.
    if (!zsets.addNew(queueKeys.leases(queue), expiresAt, id, token)) return null
    const takes = this.#takesOf(queue, id) + 1
    return { queue, partition: 0, jobId: id, token, takes, job, expiresAt }
  }

  /** How often a taking was lost; written down when it is, so that most jobs need no entry. */
  #takesOf(queue: string, id: string): number {
    return this.#store.zsets.get(queueKeys.takes(queue), id)?.score ?? 0
  }

  #priorityOf(queue: string, id: string): Priority | null {
    const job = this.#store.keys.get(queueKeys.job(queue, id))
    if (job === null) return null
    return priorityIn(job)
  }
}

/** Anything that does not say its priority must still come out of the queue some day. */
function priorityIn(job: string): Priority {
  try {
    const { priority } = JSON.parse(job) as { priority: Priority }
    return PRIORITIES.includes(priority) ? priority : 'normal'
  } catch {
    return 'normal'
  }
}
