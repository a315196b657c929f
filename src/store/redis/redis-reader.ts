import { Batcher } from '../../support/batcher.ts'
import { keysOfScope } from '../keys.ts'
import type { Page } from '../store.ts'
import type { Layout } from './layout.ts'
import { defineScript, type RedisConnection } from './redis-connection.ts'
import { fromServerScore, toServerScore } from './scores.ts'
import { countScript, rangeByNameScript, unreadCountScript } from './scripts/records.lua.ts'
import type { StoreTime } from './store-time.ts'

const COUNT = defineScript(countScript)
const RANGE_BY_NAME = defineScript(rangeByNameScript)
const UNREAD_COUNT = defineScript(unreadCountScript)

/** From how many keys on they are a command of their own. */
const MANY = 2
const AT_ONCE = 512

/** Reads keys. Single values and unread counts that are asked for in one turn are one command. */
export class RedisReader {
  readonly #redis: RedisConnection
  readonly #layout: Layout
  readonly #values: readonly Batcher<string, string | null>[]
  readonly #unread: readonly Batcher<string, number>[]

  constructor(redis: RedisConnection, layout: Layout, time: StoreTime) {
    this.#redis = redis
    this.#layout = layout
    this.#values = Array.from({ length: layout.partitions }, () => {
      const fetch = (keys: readonly string[]) =>
        redis.call('mget', ...keys) as Promise<(string | null)[]>
      return new Batcher(fetch, { size: AT_ONCE, inFlight: 4 })
    })
    this.#unread = Array.from({ length: layout.partitions }, (_, partition) => {
      const count = (keys: readonly string[]) =>
        redis.run(UNREAD_COUNT, layout.start(partition), [time.now(), ...keys]) as Promise<number[]>
      return new Batcher(count, { size: AT_ONCE, inFlight: 4 })
    })
  }

  get(partition: number, key: string): Promise<string | null> {
    return this.#values[partition]!.add(this.#key(partition, key))
  }

  getMany(partition: number, keys: readonly string[]): Promise<(string | null)[]> {
    if (keys.length < MANY) return Promise.all(keys.map((key) => this.get(partition, key)))
    const start = this.#layout.start(partition)
    return inPieces(keys, async (piece) => {
      const names = piece.map((key) => start + key)
      return (await this.#redis.call('mget', ...names)) as (string | null)[]
    })
  }

  async list(partition: number, key: string, start: number, stop: number): Promise<string[]> {
    return (await this.#redis.call('lrange', this.#key(partition, key), start, stop)) as string[]
  }

  async length(partition: number, key: string): Promise<number> {
    return (await this.#redis.call('llen', this.#key(partition, key))) as number
  }

  async members(partition: number, key: string): Promise<string[]> {
    return (await this.#redis.call('smembers', this.#key(partition, key))) as string[]
  }

  async isMember(partition: number, key: string, member: string): Promise<boolean> {
    return (await this.#redis.call('sismember', this.#key(partition, key), member)) === 1
  }

  async count(partition: number, key: string): Promise<number> {
    const [count = 0] = await this.countMany(partition, [key])
    return count
  }

  countMany(partition: number, keys: readonly string[]): Promise<number[]> {
    const start = this.#layout.start(partition)
    return inPieces(keys, async (piece) => (await this.#redis.run(COUNT, start, piece)) as number[])
  }

  async scan(partition: number, key: string, cursor: string | null, limit: number): Promise<Page> {
    const name = this.#key(partition, key)
    const [next, members] = (await this.#redis.call(
      'sscan',
      name,
      cursor ?? '0',
      'COUNT',
      limit,
    )) as [string, string[]]
    return { members, cursor: next === '0' ? null : next }
  }

  async rangeByName(
    partition: number,
    key: string,
    after: string,
    limit: number,
  ): Promise<string[]> {
    if (limit <= 0) return []
    const start = this.#layout.start(partition)
    return (await this.#redis.run(RANGE_BY_NAME, start, [key, after, limit])) as string[]
  }

  async rangeByScore(
    partition: number,
    key: string,
    from: number,
    to: number,
    limit: number,
  ): Promise<{ member: string; score: number }[]> {
    const reply = (await this.#redis.call(
      'zrangebyscore',
      this.#key(partition, key),
      bound(toServerScore(key, from)),
      bound(toServerScore(key, to)),
      'WITHSCORES',
      'LIMIT',
      0,
      limit,
    )) as ScoreReply
    return pairs(reply).map(([member, score]) => ({ member, score: fromServerScore(key, score) }))
  }

  unreadCount(partition: number, scope: string, user: string): Promise<number> {
    return this.#unread[partition]!.add(keysOfScope(scope).unread(user))
  }

  #key(partition: number, key: string): string {
    return this.#layout.start(partition) + key
  }
}

/** Asks for a few hundred at a time, so that nobody else waits long for his turn. */
async function inPieces<Result>(
  keys: readonly string[],
  ask: (piece: readonly string[]) => Promise<Result[]>,
): Promise<Result[]> {
  if (keys.length <= AT_ONCE) return keys.length === 0 ? [] : ask(keys)
  const count = Math.ceil(keys.length / AT_ONCE)
  const pieces = Array.from({ length: count }, (_, n) => keys.slice(n * AT_ONCE, (n + 1) * AT_ONCE))
  return (await Promise.all(pieces.map(ask))).flat()
}

function bound(score: number): string {
  if (score === Number.POSITIVE_INFINITY) return '+inf'
  if (score === Number.NEGATIVE_INFINITY) return '-inf'
  return String(score)
}

/** Members with scores: one row of both, or pairs, as the protocol's version has it. */
export type ScoreReply = readonly (string | readonly [string, string | number])[]

/** Makes pairs of either form. */
export function pairs(reply: ScoreReply): [member: string, score: number][] {
  if (Array.isArray(reply[0])) {
    return reply.map((pair) => [pair[0] as string, scoreOf(pair[1] as string | number)])
  }
  const row = reply as readonly string[]
  return Array.from({ length: row.length / 2 }, (_, n) => [row[2 * n]!, scoreOf(row[2 * n + 1]!)])
}

function scoreOf(text: string | number): number {
  if (text === 'inf') return Number.POSITIVE_INFINITY
  if (text === '-inf') return Number.NEGATIVE_INFINITY
  return Number(text)
}
