import fc from 'fast-check'

/** One thing that is tried; numbers choose among what exists when it is run. */
export type Step =
  | { readonly do: 'write'; readonly writes: readonly WritePlan[] }
  | { readonly do: 'take'; readonly limit: number }
  | { readonly do: 'extend'; readonly pick: number }
  | { readonly do: 'reap' }
  | { readonly do: 'drain'; readonly user: string; readonly session: string; readonly max: number }
  | {
      readonly do: 'acknowledge'
      readonly user: string
      readonly session: string
      readonly upTo: number
    }
  | { readonly do: 'wait'; readonly ms: number }

export interface WritePlan {
  readonly guards: readonly GuardPlan[]
  readonly ops: readonly OpPlan[]
}

export type GuardPlan =
  | { readonly guard: 'once'; readonly key: string; readonly value: string; readonly ttlMs: number }
  | { readonly guard: 'expect'; readonly key: string; readonly value: string | null }
  | { readonly guard: 'lease'; readonly pick: number; readonly retry: boolean }
  | { readonly guard: 'withdraw'; readonly pick: number }
  | {
      readonly guard: 'below'
      readonly key: string
      readonly limit: number
      readonly ttlMs: number
    }

export type OpPlan =
  | {
      readonly op: 'set' | 'incr'
      readonly key: string
      readonly value: number
      readonly ttlMs: number
    }
  | { readonly op: 'push'; readonly key: string; readonly value: string; readonly cap: number }
  | { readonly op: 'pull' | 'sadd' | 'srem' | 'zrem'; readonly key: string; readonly value: string }
  | { readonly op: 'zadd'; readonly key: string; readonly value: string; readonly score: number }
  | { readonly op: 'del'; readonly key: string }
  | { readonly op: 'expire'; readonly key: string; readonly ttlMs: number }
  | { readonly op: 'enqueue'; readonly priority: number; readonly delayMs: number }
  | { readonly op: 'inbox'; readonly user: string; readonly limit: number; readonly ttlMs: number }
  | { readonly op: 'unread' | 'read' | 'discard'; readonly user: string; readonly pick: number }
  | {
      readonly op: 'connect' | 'heartbeat' | 'disconnect'
      readonly user: string
      readonly session: string
    }
  | { readonly op: 'fanout'; readonly user: string; readonly cap: number }

const oneOf = <T>(...values: T[]): fc.Arbitrary<T> => fc.constantFrom(...values)
const tag = <K extends string, T extends string>(key: K, value: T) =>
  fc.constant(value).map((text) => ({ [key]: text }) as Record<K, T>)

/**
 * Sequences of steps. `ttls` are the lifetimes to choose from; where time cannot
 * be moved on they are 0 or long.
 */
export function steps(ttls: readonly number[]): fc.Arbitrary<Step[]> {
  const ttlMs = fc.constantFrom(...ttls)
  const value = oneOf('a', 'b', 'c', 'd')
  const user = oneOf('ann', 'bob')
  const session = oneOf('s1', 's2')
  const pick = fc.nat(20)
  const any = oneOf('str:1', 'num:1', 'list:1', 'set:1', 'zset:1')
  const withKey = <P extends object>(prefix: string, rest: fc.Arbitrary<P>) =>
    fc.tuple(oneOf(`${prefix}:1`, `${prefix}:2`), rest).map(([key, more]) => ({ key, ...more }))

  const op: fc.Arbitrary<OpPlan> = fc.oneof(
    withKey('str', fc.record({ op: oneOf('set' as const), value: fc.nat(3), ttlMs })),
    withKey(
      'num',
      fc.record({ op: oneOf('incr' as const), value: fc.integer({ min: -3, max: 5 }), ttlMs }),
    ),
    withKey('list', fc.record({ op: oneOf('push' as const), value, cap: oneOf(0, 3) })),
    withKey('list', fc.record({ op: oneOf('pull' as const), value })),
    withKey('set', fc.record({ op: oneOf('sadd' as const, 'srem' as const), value })),
    withKey(
      'zset',
      fc.record({ op: oneOf('zadd' as const), value, score: fc.integer({ min: -2, max: 2 }) }),
    ),
    withKey('zset', fc.record({ op: oneOf('zrem' as const), value })),
    fc.record({ op: oneOf('del' as const), key: any }),
    fc.record({ op: oneOf('expire' as const), key: any, ttlMs: ttlMs.filter((ms) => ms > 0) }),
    fc.record({ op: oneOf('enqueue' as const), priority: fc.nat(3), delayMs: oneOf(0, 0, 1_000) }),
    fc.record({ op: oneOf('inbox' as const), user, limit: oneOf(2, 5), ttlMs }),
    fc.record({ op: oneOf('unread' as const, 'read' as const, 'discard' as const), user, pick }),
    fc.record({
      op: oneOf('connect' as const, 'heartbeat' as const, 'disconnect' as const),
      user,
      session,
    }),
    fc.record({ op: oneOf('fanout' as const), user, cap: oneOf(2, 10) }),
  )
  const guards: fc.Arbitrary<GuardPlan[]> = fc.uniqueArray(
    fc.oneof(
      fc.record({ guard: oneOf('once' as const), key: oneOf('mark:1', 'mark:2'), value, ttlMs }),
      fc.record({
        guard: oneOf('expect' as const),
        key: oneOf('str:1'),
        value: oneOf('0', '1', null),
      }),
      fc.record({ guard: oneOf('lease' as const), pick, retry: fc.boolean() }),
      fc.record({ guard: oneOf('withdraw' as const), pick }),
      withKey('num', fc.record({ guard: oneOf('below' as const), limit: oneOf(1, 3, 5), ttlMs })),
    ),
    { selector: ({ guard }) => guard, maxLength: 2 },
  )
  const write = fc.record({
    guards: fc.oneof({ weight: 2, arbitrary: fc.constant([]) }, { weight: 1, arbitrary: guards }),
    ops: fc.array(op, { maxLength: 5 }),
  })
  const step: fc.Arbitrary<Step> = fc.oneof(
    {
      weight: 6,
      arbitrary: fc
        .array(write, { minLength: 1, maxLength: 4 })
        .chain((writes) => tag('do', 'write').map((kind) => ({ ...kind, writes }))),
    },
    {
      weight: 2,
      arbitrary: fc.record({ do: oneOf('take' as const), limit: fc.integer({ min: 1, max: 6 }) }),
    },
    { weight: 1, arbitrary: fc.record({ do: oneOf('extend' as const), pick }) },
    { weight: 1, arbitrary: fc.record({ do: oneOf('reap' as const) }) },
    {
      weight: 1,
      arbitrary: fc.record({ do: oneOf('drain' as const), user, session, max: oneOf(1, 3) }),
    },
    {
      weight: 1,
      arbitrary: fc.record({ do: oneOf('acknowledge' as const), user, session, upTo: fc.nat(8) }),
    },
    // Sums of these never meet a lifetime exactly: what ends now may be judged either way.
    {
      weight: 2,
      arbitrary: fc.record({ do: oneOf('wait' as const), ms: oneOf(7, 1_003, 30_011) }),
    },
  )
  return fc.array(step, { minLength: 5, maxLength: 45 })
}
