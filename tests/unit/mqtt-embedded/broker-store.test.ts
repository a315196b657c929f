import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { BrokerStore } from '../../../src/mqtt/embedded/broker-store.ts'
import type { Publication } from '../../../src/mqtt/embedded/packets.ts'

let directory: string

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'belfry-store-'))
})

afterEach(() => rm(directory, { recursive: true, force: true }))

function publication(counter: number, extra: Partial<Publication> = {}): Publication {
  return {
    cmd: 'publish',
    brokerId: 'b',
    brokerCounter: counter,
    topic: 'home/a',
    payload: Buffer.from(String(counter)),
    qos: 1,
    retain: false,
    dup: false,
    messageId: undefined,
    ...extra,
  }
}

const subscription = (qos: 0 | 1 | 2, topic = 'home/#') => ({ topic, qos })

function payloads(store: BrokerStore, clientId: string): string[] {
  return store.outgoing
    .page(clientId, 0)
    .map(({ packet }) => (packet.cmd === 'publish' ? String(packet.payload) : 'release'))
}

describe('a full queue', () => {
  test('does without its oldest QoS 1 message, and says so', async () => {
    const dropped: string[] = []
    const store = new BrokerStore({
      file: ':memory:',
      queueLimits: { messages: 3, bytes: 1e6 },
      onDropped: (clientId) => dropped.push(clientId),
    })
    store.subscriptions.add('panel', subscription(2))
    await store.keep(publication(1, { qos: 2 }), null)
    for (const n of [2, 3, 4, 5]) await store.keep(publication(n), null)
    expect(payloads(store, 'panel')).toEqual(['1', '4', '5'])
    expect(dropped).toEqual(['panel', 'panel'])
    store.close()
  })

  test('of QoS 2 messages takes no more', async () => {
    const store = new BrokerStore({ file: ':memory:', queueLimits: { messages: 2, bytes: 1e6 } })
    store.subscriptions.add('panel', subscription(2))
    for (const n of [1, 2, 3]) await store.keep(publication(n, { qos: 2 }), null)
    expect(payloads(store, 'panel')).toEqual(['1', '2'])
    store.close()
  })

  test('is bounded in bytes as well, also after the file was opened again', async () => {
    const options = { file: join(directory, 'b.db'), queueLimits: { messages: 1e6, bytes: 30_000 } }
    const large = (n: number) => publication(n, { payload: Buffer.alloc(10_000, String(n)) })
    let store = new BrokerStore(options)
    await store.write(() => store.subscriptions.add('panel', subscription(1)))
    for (const n of [1, 2]) await store.keep(large(n), null)
    store.close()
    store = new BrokerStore(options)
    for (const n of [3, 4]) await store.keep(large(n), null)
    expect(payloads(store, 'panel').map((each) => each[0])).toEqual(['3', '4'])
    store.close()
  })
})

test('one client’s acknowledgement takes nothing from another, and frees its room', async () => {
  const store = new BrokerStore({ file: ':memory:' })
  for (const client of ['a', 'ab', '__proto__']) store.subscriptions.add(client, subscription(1))
  await store.keep(publication(1), null)
  store.outgoing.assign('a', publication(1, { messageId: 7 }))
  expect(store.outgoing.remove('ab', { messageId: 7 })).toBeUndefined()
  expect(store.outgoing.remove('a', { messageId: 7 })).toMatchObject({ brokerCounter: 1 })
  expect(store.outgoing.count()).toBe(2)
  store.close()
})

test('writes of a turn that fail take one another back, and memory agrees with the file', async () => {
  const store = new BrokerStore({ file: join(directory, 'b.db') })
  await store.write(() => store.subscriptions.add('panel', subscription(1)))
  const kept = store.keep(publication(1), null)
  const failing = store.write(() => {
    store.sessions.claim('panel', 'ann', 1)
    throw new Error('the disk is full')
  })
  await expect(failing).rejects.toThrow('the disk is full')
  await expect(kept).rejects.toThrow('the disk is full')
  expect(store.outgoing.count('panel')).toBe(0)
  expect(store.sessions.ownerOf('panel')).toBeNull()
  await store.keep(publication(2), null)
  expect(payloads(store, 'panel')).toEqual(['2'])
  store.close()
})

test('what is written in a turn is in the file when its promise resolves, not before', async () => {
  const store = new BrokerStore({ file: ':memory:' })
  let isCommitted = false
  const written = store
    .write(() => store.sessions.claim('a', '', 1))
    .then(() => {
      isCommitted = true
    })
  await Promise.resolve()
  expect(isCommitted).toBe(false)
  expect(store.sessions.ownerOf('a')).toBe('')
  await written
  store.close()
  await expect(store.write(() => {})).rejects.toThrow()
})

test('retained messages are found by every kind of filter, each once', async () => {
  const store = new BrokerStore({ file: ':memory:' })
  for (const topic of ['home', 'home/a', 'home/a/b', 'homework', '/home', 'z\u{10fffd}']) {
    await store.keep(publication(1, { topic, retain: true, qos: 0 }), null)
  }
  const find = (...filters: string[]) =>
    [...store.retained.matching(filters)].map(({ topic }) => topic).sort()
  expect(find('home/#')).toEqual(['home', 'home/a', 'home/a/b'])
  expect(find('home/+', 'home/a', '+/a')).toEqual(['home/a'])
  expect(find('#')).toHaveLength(6)
  expect(find('+/home')).toEqual(['/home'])
  await store.keep(publication(2, { topic: 'home', retain: true, payload: Buffer.alloc(0) }), null)
  expect(find('home')).toEqual([])
  store.close()
})
