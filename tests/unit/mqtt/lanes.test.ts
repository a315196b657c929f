import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { inherit, planMembers } from '../../../src/mqtt/fleet-plan.ts'
import { type LaneRoute, planLanes } from '../../../src/mqtt/lanes.ts'
import { Topic } from '../../../src/mqtt/topic.ts'
import { filtersOverlap } from '../../../src/mqtt/topic-name.ts'

function route(pattern: string, own: Partial<LaneRoute> = {}): LaneRoute {
  const { filter } = new Topic(pattern)
  return { pattern, filter, qos: 1, shared: false, workerCount: 1, ...own }
}

/** Filters against topics, as MQTT defines it. */
function matches(filter: string, topic: string): boolean {
  const parts = topic.split('/')
  const levels = filter.split('/')
  if (levels.at(-1) === '#') {
    const head = levels.slice(0, -1)
    return (
      parts.length >= head.length && head.every((level, n) => level === '+' || level === parts[n])
    )
  }
  return (
    levels.length === parts.length &&
    levels.every((level, n) => level === '+' || level === parts[n])
  )
}

describe('planLanes()', () => {
  it('puts ordinary routes on one connection and gives pools their own', () => {
    const lanes = planLanes([
      route('alerts/{type}', { qos: 2 }),
      route('mail/send', { qos: 2, shared: true, workerCount: 3 }),
      route('users/{id}/status', { qos: 0 }),
    ])
    expect(lanes).toEqual([
      {
        name: 'main',
        connections: 1,
        filters: [
          { filter: 'alerts/+', qos: 2 },
          { filter: 'users/+/status', qos: 0 },
        ],
        patterns: ['alerts/{type}', 'users/{id}/status'],
        overlaps: false,
      },
      {
        name: 'mail-send',
        connections: 3,
        filters: [{ filter: 'mail/send', qos: 2 }],
        patterns: ['mail/send'],
        overlaps: false,
      },
    ])
  })

  it('routes of one filter are one subscription with the highest QoS', () => {
    const lanes = planLanes([
      route('a/{n:int}', { qos: 0 }),
      route('a/{name}', { qos: 2, shared: true, workerCount: 2 }),
    ])
    expect(lanes).toEqual([
      {
        name: 'a-n-int',
        connections: 2,
        filters: [{ filter: 'a/+', qos: 2 }],
        patterns: ['a/{n:int}', 'a/{name}'],
        overlaps: false,
      },
    ])
  })

  it('overlapping filters never share a lane, and each handles only its own', () => {
    const lanes = planLanes([route('a/{x}'), route('a/b'), route('c'), route('{all*}')])
    expect(lanes.map(({ name, overlaps }) => [name, overlaps])).toEqual([
      ['main', true],
      ['a-b', true],
      ['all', true],
    ])
  })

  it('gives lanes of like-sounding patterns different names', () => {
    const shared = { shared: true }
    const lanes = planLanes([route('a/b', shared), route('a-b', shared), route('main', shared)])
    expect(lanes.map(({ name }) => name)).toEqual(['a-b', 'a-b-2', 'main-2'])
  })
})

describe('filtersOverlap()', () => {
  it('says so exactly when some topic matches both', () => {
    const level = fc.constantFrom('a', 'b', '+')
    const filter = fc
      .tuple(fc.array(level, { maxLength: 3 }), fc.boolean())
      .filter(([levels, hash]) => levels.length > 0 || hash)
      .map(([levels, hash]) => [...levels, ...(hash ? ['#'] : [])].join('/'))
    const words = ['a', 'b', 'c']
    const one = words
    const two = one.flatMap((topic) => words.map((word) => `${topic}/${word}`))
    const three = two.flatMap((topic) => words.map((word) => `${topic}/${word}`))
    const all = [...one, ...two, ...three, ...three.flatMap((topic) => `${topic}/c`)]
    fc.assert(
      fc.property(filter, filter, (left, right) => {
        const expected = all.some((topic) => matches(left, topic) && matches(right, topic))
        expect(filtersOverlap(left, right)).toBe(expected)
      }),
    )
  })
})

describe('the sessions of a slot', () => {
  const naming = { clientId: 'belfry', group: 'g', prefix: 'plant/' }
  const lanes = planLanes([
    route('a/{x}'),
    route('a/b'),
    route('mail', { shared: true, workerCount: 2 }),
  ])
  const members = planMembers(lanes, 7, naming)

  it('have client ids of prefix, slot, lane and number, and shared subscriptions', () => {
    expect(members.map(({ clientId }) => clientId)).toEqual([
      'belfry-7-main-1',
      'belfry-7-a-b-1',
      'belfry-7-mail-1',
      'belfry-7-mail-2',
    ])
    expect(members[0]).toMatchObject({
      filters: ['$share/g/plant/a/+'],
      subscriptions: [{ filter: '$share/g/plant/a/+', qos: 1 }],
      only: new Set(['a/{x}']),
    })
    expect(members[3]?.only).toBeNull()
  })

  it('left by another version handle what their filters are for, and anything when unknown', () => {
    const left = (filters: string[], overlaps: boolean) =>
      inherit({ clientId: 'belfry-7-old-1', filters, overlaps }, members).only
    expect(left(['$share/g/plant/a/b'], true)).toEqual(new Set(['a/b']))
    expect(left(['$share/g/plant/a/b'], false)).toBeNull()
    expect(left(['$share/g/plant/gone'], true)).toBeNull()
  })
})
