import { describe, expect, it } from 'vitest'
import { decodeOutcome, encodeWrite } from '../../../src/store/redis/encode-write.ts'
import { Layout } from '../../../src/store/redis/layout.ts'
import { describeRedis } from '../../../src/store/redis/redis-config.ts'
import { redisFailure } from '../../../src/store/redis/redis-failure.ts'
import type { Guard, Op } from '../../../src/store/store.ts'
import { singleConfig } from '../../support/redis-configs.ts'

describe('encodeWrite()', () => {
  const encode = (ops: readonly Op[], guards: readonly Guard[] = []) =>
    encodeWrite({ ops, guards }, { start: '{p07}:app:', now: 1_000 })

  it('counts what follows and spells out every key', () => {
    const row = encode([['set', 'k', 'v', 5]], [['once', 'mark', 'x', 0]])
    expect(row).toEqual([9, 1, 'o', '{p07}:app:mark', 'x', 0, 's', '{p07}:app:k', 'v', 5])
  })

  it('keeps a job’s record when the write that gives its lease back stores it anew', () => {
    const guard = ['lease', 'email_queue', 'j', 3] as const
    const keeps = (op: Op) => encode([op], [guard])[7]
    expect(keeps(['set', 'email_job:j', '{}', 1])).toBe(1)
    expect(keeps(['enqueue', 'email_queue', 'j', '{}', 'low', 0, 1])).toBe(1)
    expect(keeps(['set', 'email_job:other', '{}', 1])).toBe(0)
  })

  it('rounds a lifetime up, so that the shortest is not for ever', () => {
    expect(encode([['set', 'k', 'v', 0.2]]).at(-1)).toBe(1)
    expect(encode([['inbox', '', 'u', 'n', '{}', 900, 10]])).toContain(1)
  })

  it.each<Op>([
    ['set', 'k', 'v', Number.NaN],
    ['set', 'k', 'v', -1],
    ['set', 'k', 'v', Number.POSITIVE_INFINITY],
    ['incr', 'k', 0.5, 0],
    ['zadd', 'k', Number.NaN, 'm'],
    ['push', 'k', undefined as unknown as string, 0],
    ['set', 'k', 5 as unknown as string, 0],
    ['read', 'no scope', 'u', 'n'],
  ])('refuses what the server could not carry out: %j', (...op) => {
    expect(() => encode([op as unknown as Op])).toThrow(TypeError)
  })
})

describe('decodeOutcome()', () => {
  it.each([
    [[1, 2], { applied: true, results: [1, 2] }],
    [[], { applied: true, results: [] }],
    ['0!', { applied: false, refusedBy: 0, value: null }],
    ['12=a=b!', { applied: false, refusedBy: 12, value: 'a=b!' }],
    ['3=', { applied: false, refusedBy: 3, value: '' }],
    ['EWRONGTYPE of a key', { failure: 'WRONGTYPE of a key' }],
  ])('reads %j', (reply, outcome) => {
    expect(decodeOutcome(reply)).toEqual(outcome)
  })
})

describe('Layout', () => {
  it('has no tag on a single server, and one per partition elsewhere', () => {
    const single = new Layout({ mode: 'single', prefix: 'app:', partitions: 1 })
    expect([single.start(0), single.pattern('user:*')]).toEqual(['app:', 'app:user:*'])
    const cluster = new Layout({ mode: 'cluster', prefix: '', partitions: 120 })
    expect([cluster.start(7), cluster.start(119)]).toEqual(['{p07}:', '{p119}:'])
    expect(() => cluster.start(120)).toThrow(RangeError)
  })

  it('takes its own keys apart and no others', () => {
    const layout = new Layout({ mode: 'cluster', prefix: 'app:', partitions: 16 })
    expect(layout.parse('{p07}:app:user:{x}:y')).toEqual({ partition: 7, name: 'user:{x}:y' })
    for (const foreign of ['user:1', '{p07}:other:1', '{p99}:app:1', '{x}:app:1', 'app:1']) {
      expect(layout.parse(foreign)).toBeNull()
    }
  })

  it('a prefix with special characters is not a pattern', () => {
    const layout = new Layout({ mode: 'single', prefix: 'a*b:', partitions: 1 })
    expect(layout.pattern('*')).toBe('a\\*b:*')
  })
})

describe('redisFailure()', () => {
  const reply = (message: string) => Object.assign(new Error(message), { name: 'ReplyError' })

  it.each([
    'MISCONF Errors writing to the AOF file: No space left on device',
    'OOM command not allowed when used memory > maxmemory. script: 1a, on @user_script:1.',
    "READONLY You can't write against a read only replica.",
    'LOADING Redis is loading the dataset in memory',
    'CLUSTERDOWN The cluster is down',
    'TRYAGAIN Multiple keys request during rehashing of slot',
    'NOREPLICAS Not enough good replicas to write.',
    'MASTERDOWN Link with MASTER is down',
  ])('%s is Unavailable, with its cause', (message) => {
    const error = reply(message)
    expect(redisFailure(error)).toMatchObject({
      code: 'unavailable',
      retryable: true,
      cause: error,
    })
  })

  it.each(['Connection is closed.', 'Command timed out', 'connect ECONNREFUSED 127.0.0.1:1'])(
    'what the client says of its line is Unavailable: %s',
    (message) => {
      expect(redisFailure(new Error(message))).toMatchObject({ code: 'unavailable' })
    },
  )

  it('a mistake of ours is not worth a repetition', () => {
    const wrong = reply('WRONGTYPE Operation against a key holding the wrong kind of value')
    expect(redisFailure(wrong)).toMatchObject({ code: 'internal', retryable: false })
  })

  it('does not carry the values of the command along', () => {
    const error = Object.assign(reply('ERR x'), { command: { name: 'set', args: ['k', 'secret'] } })
    expect(redisFailure(error).cause).not.toHaveProperty('command')
  })
})

describe('describeRedis()', () => {
  it('shows where it is and never how to get in', () => {
    const config = singleConfig(6379, { username: 'me', password: 'hunter2', tls: { ca: null } })
    expect(describeRedis(config)).toBe('rediss://127.0.0.1:6379/0')
  })
})
