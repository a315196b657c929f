import { expect } from 'vitest'
import { queueKeys } from '../../../src/store/keys.ts'
import { type Outcome, PRIORITIES, type Store, type Write } from '../../../src/store/store.ts'
import type { Model } from './model.ts'

/** Operations whose result the contract fixes. */
const COUNTED = new Set(['incr', 'push', 'pull', 'unread', 'read', 'discard', 'fanout'])
const USERS = ['ann', 'bob']
const QUEUE = 'email_queue'

/** The part of an outcome that two adapters must agree on. */
export function told(outcome: Outcome, { guards = [], ops }: Pick<Write, 'guards' | 'ops'>) {
  if (outcome.applied) {
    return { results: outcome.results.filter((_, n) => COUNTED.has(ops[n]![0])) }
  }
  const kind = guards[outcome.refusedBy]?.[0]
  const value = kind === 'once' || kind === 'expect' || kind === 'below' ? outcome.value : null
  return { refusedBy: outcome.refusedBy, value }
}

/** Holds everything readable of partition `p` against the model. */
export async function compareReadable(store: Store, p: number, model: Model): Promise<void> {
  await compareStrings(store, p, model)
  for (const key of ['list:1', 'list:2', queueKeys.failed(QUEUE), ...lists()]) {
    expect(await store.list(p, key, 0, -1), key).toEqual(model.list(key))
    expect(await store.length(p, key), key).toBe(model.list(key).length)
  }
  for (const key of ['set:1', 'set:2']) {
    expect((await store.members(p, key)).sort(), key).toEqual([...model.set(key)].sort())
    expect(await store.count(p, key), key).toBe(model.set(key).size)
    expect(await store.isMember(p, key, 'a'), key).toBe(model.set(key).has('a'))
  }
  for (const key of ['zset:1', 'zset:2', queueKeys.scheduled(QUEUE)]) {
    const range = await store.rangeByScore(p, key, -Infinity, Infinity, 1_000)
    expect(range, key).toEqual(byScore(model.zset(key)))
    expect(await store.count(p, key), key).toBe(range.length)
  }
  for (const user of USERS) {
    expect(await store.unreadCount(p, '', user), user).toBe(model.unreadCount('', user))
  }
  await compareDepth(store, p, model)
  await compareKeys(store, p, model)
}

function lists(): string[] {
  const queues = USERS.flatMap((user) => ['s1', 's2'].map((id) => `websocket:queue:${user}:${id}`))
  const inboxes = USERS.map((user) => `user:${user}:notifications`)
  return [...queues, ...inboxes, ...PRIORITIES.map((priority) => queueKeys.ready(QUEUE, priority))]
}

function byScore(zset: ReadonlyMap<string, number>): { member: string; score: number }[] {
  const range = [...zset].map(([member, score]) => ({ member, score }))
  return range.sort((a, b) => a.score - b.score || (a.member < b.member ? -1 : 1))
}

async function compareStrings(store: Store, p: number, model: Model): Promise<void> {
  const live = model.live()
  const names = [...live.keys()].filter((key) => typeof live.get(key) === 'string')
  const expected = names.map((key) => live.get(key))
  expect(await store.getMany(p, names)).toEqual(expected)
  for (const key of ['str:1', 'num:1', 'mark:1', 'mark:2']) {
    expect(await store.get(p, key), key).toBe(model.string(key))
  }
}

async function compareDepth(store: Store, p: number, model: Model): Promise<void> {
  const scheduled = [...model.zset(queueKeys.scheduled(QUEUE)).values()]
  const ready = PRIORITIES.map((name) => [name, model.list(queueKeys.ready(QUEUE, name)).length])
  expect(await store.depth(p, QUEUE)).toEqual({
    ready: Object.fromEntries(ready),
    scheduled: scheduled.length,
    leased: model.leases.size,
    failed: model.list(queueKeys.failed(QUEUE)).length,
    nextDueAt: scheduled.length === 0 ? null : Math.min(...scheduled),
  })
}

/** The keys that the model knows are listed, and no others but an adapter's own bookkeeping. */
async function compareKeys(store: Store, p: number, model: Model): Promise<void> {
  const own = /^email_queue:(leases|takes|tokens?|turn)$|:unread$|:unread_notifications$/
  const listed: string[] = []
  for await (const { key, partition } of store.keys()) {
    expect(partition).toBe(p)
    if (!own.test(key)) listed.push(key)
  }
  const expected = [...model.live().keys()].filter((key) => !own.test(key))
  expect(listed.sort()).toEqual(expected.sort())
}
