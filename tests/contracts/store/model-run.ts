import { expect } from 'vitest'
import { Keys, queueKeys } from '../../../src/store/keys.ts'
import {
  type Guard,
  type Lease,
  type Op,
  PRIORITIES,
  type Priority,
  type Store,
} from '../../../src/store/store.ts'
import type { FakeClock } from '../../support/fake-clock.ts'
import { compareReadable, told } from './compare.ts'
import { Model } from './model.ts'
import type { GuardPlan, OpPlan, Step, WritePlan } from './steps.ts'
import type { StoreUnderTest } from './subject.ts'

const QUEUE = 'email_queue'
const LEASE_MS = 60_000
const JOB_TTL_MS = 86_400_000
const MAX_TAKES = 2

/** Runs steps against a store and a model side by side and compares them. */
export class ModelRun {
  readonly #store: Store
  readonly #clock: FakeClock
  readonly #partition: number
  readonly #sessionTtlMs: number
  readonly #model: Model
  readonly #keys = new Keys()
  readonly #jobs: string[] = []
  readonly #notifications: string[] = []
  /** Every lease ever given: stale ones are tried too. */
  readonly #leases: Lease[] = []

  constructor(under: StoreUnderTest, options: { readonly sessionTtlMs: number }) {
    this.#store = under.store
    this.#clock = under.clock
    this.#partition = under.store.partitions - 1
    this.#sessionTtlMs = options.sessionTtlMs
    this.#model = new Model(under.clock.now())
  }

  async step(step: Step): Promise<void> {
    if (step.do === 'write') await this.#write(step.writes)
    else if (step.do === 'take') await this.#take(step.limit)
    else if (step.do === 'extend') await this.#extend(step.pick)
    else if (step.do === 'reap') await this.#reap()
    else if (step.do === 'wait') this.#clock.advance(step.ms)
    else await this.#shorten(step)
    this.#model.now = this.#clock.now()
    await compareReadable(this.#store, this.#partition, this.#model)
  }

  async #write(plans: readonly WritePlan[]): Promise<void> {
    const writes = plans.map((plan) => this.#planned(plan))
    const outcomes = await Promise.all(
      writes.map((write) => this.#store.commit({ partition: this.#partition, ...write })),
    )
    for (const [n, write] of writes.entries()) {
      const expected = this.#model.commit(write)
      expect(told(outcomes[n]!, write)).toEqual(told(expected, write))
    }
  }

  #planned({ guards, ops }: WritePlan): { guards: Guard[]; ops: Op[] } {
    const first: Op[] = []
    const planned = guards.flatMap((plan) => this.#guard(plan, first))
    for (const plan of ops) if (plan.op === 'unread') this.#markUnread(plan, planned, first)
    return { guards: planned, ops: [...first, ...ops.flatMap((plan) => this.#op(plan))] }
  }

  #guard(plan: GuardPlan, first: Op[]): Guard[] {
    if (plan.guard === 'once') return [['once', plan.key, plan.value, plan.ttlMs]]
    if (plan.guard === 'expect') return [['expect', plan.key, plan.value]]
    if (plan.guard === 'below') return [['below', plan.key, plan.limit, plan.ttlMs]]
    if (plan.guard === 'withdraw') {
      return [['withdraw', QUEUE, this.#jobs[plan.pick % this.#jobs.length] ?? 'none']]
    }
    const lease = this.#leases[plan.pick % this.#leases.length]
    if (!lease) return []
    if (plan.retry) first.push(['enqueue', QUEUE, lease.jobId, lease.job, priorityOf(lease), 0, 0])
    return [['lease', QUEUE, lease.jobId, lease.token]]
  }

  #op(plan: OpPlan): Op[] {
    switch (plan.op) {
      case 'set':
        return [['set', plan.key, `${plan.value}`, plan.ttlMs]]
      case 'incr':
        return [['incr', plan.key, plan.value, plan.ttlMs]]
      case 'push':
        return [['push', plan.key, plan.value, plan.cap]]
      case 'zadd':
        return [['zadd', plan.key, plan.score, plan.value]]
      case 'del':
        return [['del', plan.key]]
      case 'expire':
        return [['expire', plan.key, plan.ttlMs]]
      case 'enqueue':
        return [this.#newJob(plan.priority, plan.delayMs)]
      case 'inbox':
        return [this.#newNotification(plan)]
      case 'unread':
        return []
      case 'read':
      case 'discard':
        return [[plan.op, '', plan.user, this.#picked(plan.pick)]]
      case 'fanout':
        return [['fanout', '', plan.user, `"data":${this.#jobs.length}`, plan.cap]]
      case 'connect':
      case 'heartbeat':
      case 'disconnect':
        return this.#session(plan.op, plan.user, plan.session)
      default:
        return [[plan.op, plan.key, plan.value]]
    }
  }

  /** As services do: only what is in the inbox can become unread, and the record says so. */
  #markUnread(plan: { user: string; pick: number }, guards: Guard[], first: Op[]): void {
    const inbox = this.#model.list(this.#keys.inbox(plan.user))
    const id = inbox[plan.pick % inbox.length]
    if (id === undefined) return
    const record = this.#keys.notification(id)
    guards.push(['expect', record, `{"id":"${id}"}`])
    first.push(['unread', '', plan.user, id, 0])
  }

  #newJob(priority: number, delayMs: number): Op {
    const id = `j${this.#jobs.length}`
    this.#jobs.push(id)
    const job = JSON.stringify({ id, priority: PRIORITIES[priority] })
    const availableAt = delayMs === 0 ? 0 : this.#clock.now() + delayMs
    return ['enqueue', QUEUE, id, job, PRIORITIES[priority]!, availableAt, JOB_TTL_MS]
  }

  #newNotification(plan: Extract<OpPlan, { op: 'inbox' }>): Op {
    const id = `n${this.#notifications.length}`
    this.#notifications.push(id)
    const expiresAt = plan.ttlMs === 0 ? 0 : this.#clock.now() + plan.ttlMs
    return ['inbox', '', plan.user, id, `{"id":"${id}"}`, expiresAt, plan.limit]
  }

  #picked(pick: number): string {
    return this.#notifications.at(-1 - (pick % Math.max(1, this.#notifications.length))) ?? 'none'
  }

  #session(what: 'connect' | 'heartbeat' | 'disconnect', user: string, session: string): Op[] {
    const record = this.#keys.session(user, session)
    const queue = this.#keys.sessionQueue(user, session)
    const sessions = this.#keys.sessions(user)
    const ttlMs = this.#sessionTtlMs
    if (what === 'connect')
      return [
        ['set', record, '{}', ttlMs],
        ['sadd', sessions, session],
      ]
    if (what === 'heartbeat')
      return [
        ['expire', record, ttlMs],
        ['expire', queue, ttlMs],
      ]
    return [
      ['del', record],
      ['srem', sessions, session],
      ['del', queue],
    ]
  }

  async #take(limit: number): Promise<void> {
    const leases = await this.#store.take(this.#partition, QUEUE, limit, LEASE_MS)
    this.#model.promote(QUEUE)
    const waiting = PRIORITIES.flatMap((priority) => this.#ready(priority))
    const lost = leases.filter(({ takes }) => takes > 1)
    if (lost.length > 0) expect(leases).toHaveLength(1)
    const isWhole = leases.length === Math.min(limit, waiting.length)
    const critical = Math.min(limit, this.#ready('critical').length)
    for (const [n, lease] of leases.entries()) {
      if (n < critical) expect(priorityOf(lease)).toBe('critical')
      expect(lease.jobId).toBe(this.#ready(priorityOf(lease)).at(-1))
      expect(lease.takes).toBe((this.#model.takes.get(lease.jobId) ?? 0) + 1)
      expect(this.#leases.some(({ token }) => token === lease.token)).toBe(false)
      expect(lease.expiresAt).toBe(this.#clock.now() + LEASE_MS)
      this.#leases.push(lease)
      this.#model.take(lease)
    }
    // What was lost before comes alone, so it ends what is given in one go.
    if (isWhole || lost.length > 0) return
    const heads = PRIORITIES.flatMap((priority) => this.#ready(priority).slice(-1))
    expect(heads.some((id) => (this.#model.takes.get(id) ?? 0) > 0)).toBe(true)
  }

  #ready(priority: Priority): readonly string[] {
    return this.#model.list(queueKeys.ready(QUEUE, priority))
  }

  async #extend(pick: number): Promise<void> {
    const lease = this.#leases[pick % this.#leases.length]
    if (!lease) return
    const held = this.#model.leases.get(lease.jobId)
    const ours = held?.token === lease.token
    expect(await this.#store.extend([lease], LEASE_MS)).toEqual([ours])
    if (held && ours) held.expiresAt = this.#clock.now() + LEASE_MS
  }

  /** Jobs that are reaped together may come back in any order among themselves. */
  async #reap(): Promise<void> {
    const model = this.#model
    const lost = [...model.leases].filter(([, { expiresAt }]) => expiresAt <= model.now)
    const [failed, requeued] = [[] as string[], [] as string[]]
    for (const [id] of lost) {
      model.leases.delete(id)
      if (model.takes.get(id)! < MAX_TAKES) requeued.push(id)
      else failed.push(id)
    }
    const reaped = await this.#store.reap(this.#partition, QUEUE, MAX_TAKES)
    expect(reaped.requeued.toSorted()).toEqual(requeued.toSorted())
    expect(reaped.failed.toSorted()).toEqual(failed.toSorted())
    for (const id of reaped.failed) {
      model.takes.delete(id)
      model.commit({ ops: [['push', queueKeys.failed(QUEUE), id, 0]] })
    }
    for (const priority of PRIORITIES) {
      const key = queueKeys.ready(QUEUE, priority)
      const list = await this.#store.list(this.#partition, key, 0, -1)
      const back = list.slice(model.list(key).length)
      expect(back.every((id) => requeued.includes(id))).toBe(true)
      if (back.length > 0) model.ready(QUEUE, priority).push(...back)
    }
  }

  async #shorten(step: Extract<Step, { do: 'drain' | 'acknowledge' }>): Promise<void> {
    const key = this.#keys.sessionQueue(step.user, step.session)
    const entries = this.#model.list(key)
    if (step.do === 'drain') {
      const drained = await this.#store.drain(this.#partition, key, step.max)
      expect(drained).toEqual(entries.slice(-step.max).toReversed())
      this.#model.drain(key, drained.length)
    } else {
      const seen = entries.filter((entry) => JSON.parse(entry).seq <= step.upTo).length
      expect(await this.#store.acknowledge(this.#partition, key, step.upTo)).toBe(seen)
      if (seen > 0) this.#model.drain(key, seen)
    }
  }
}

function priorityOf(lease: Lease): Priority {
  return (JSON.parse(lease.job) as { priority: Priority }).priority
}
