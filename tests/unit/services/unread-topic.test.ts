import { beforeEach, describe, expect, it } from 'vitest'
import { UnreadTopic } from '../../../services/notifications/unread-topic.ts'
import { silentLog as log } from '../../support/delivery.ts'
import { FakeClock } from '../../support/fake-clock.ts'

let clock: FakeClock
let counts: Map<string, number>
let published: [topic: string, payload: string, options: object][]
let brokerIsAway: boolean
let unread: UnreadTopic

/** Lets everything that was started come to rest. */
const settled = () => new Promise(setImmediate)

beforeEach(() => {
  clock = new FakeClock()
  counts = new Map()
  published = []
  brokerIsAway = false
  unread = new UnreadTopic({
    publish: (topic, payload, options) => {
      if (brokerIsAway) return Promise.reject(new Error('offline'))
      published.push([topic, payload, options])
      return Promise.resolve()
    },
    count: (user) => Promise.resolve(counts.get(user) ?? 0),
    clock,
    log,
  })
})

describe('UnreadTopic', () => {
  it('publishes many changes once, retained, with the count of that moment', async () => {
    for (let n = 1; n <= 20; n++) {
      counts.set('42', n)
      unread.changed('42')
    }
    clock.advance(100)
    await settled()
    expect(published).toEqual([['users/42/unread', '20', { qos: 1, retain: true }]])
  })

  it('publishes for everybody, some at a time, and again for later changes', async () => {
    for (let n = 0; n < 100; n++) unread.changed(`u${n}`)
    clock.advance(100)
    await settled()
    expect(published).toHaveLength(50)
    clock.advance(100)
    await settled()
    expect(new Set(published.map(([topic]) => topic)).size).toBe(100)
    unread.changed('u7')
    clock.advance(100)
    await settled()
    expect(published).toHaveLength(101)
  })

  it('tries again while the broker is away, until it is told the last count', async () => {
    brokerIsAway = true
    counts.set('42', 1)
    unread.changed('42')
    clock.advance(100)
    await settled()
    clock.advance(5000)
    await settled()
    brokerIsAway = false
    counts.set('42', 3)
    clock.advance(5000)
    await settled()
    expect(published.map(([, payload]) => payload)).toEqual(['3'])
  })

  it('publishes what is outstanding when it is stopped', async () => {
    unread.changed('42')
    await unread.stop()
    expect(published).toHaveLength(1)
    unread.changed('42')
    clock.advance(1000)
    await settled()
    expect(published).toHaveLength(1)
  })
})
