import type { Redis } from 'ioredis'
import type { StoredKey } from '../store.ts'
import type { Layout } from './layout.ts'
import type { RedisConnection } from './redis-connection.ts'
import { redisFailure } from './redis-failure.ts'
import { pairs, type ScoreReply } from './redis-reader.ts'
import { fromServerScore } from './scores.ts'

const PAGE = 500

/**
 * Walks over every key that matches the pattern (`*`, `?`, `[…]`), on all
 * masters. Keys that come or go meanwhile may be missing; the others are there.
 */
export async function* listKeys(
  redis: RedisConnection,
  layout: Layout,
  match: string,
): AsyncIterable<StoredKey> {
  const seen = new Set<string>()
  for (const node of redis.masters()) {
    let cursor = '0'
    do {
      const [next, page] = await scan(node, cursor, layout.pattern(match))
      cursor = next
      // The server may show a key twice while its tables grow or shrink.
      const fresh = page.filter((key) => !seen.has(key))
      for (const key of fresh) seen.add(key)
      for (const entry of await Promise.all(fresh.map((key) => read(node, layout, key)))) {
        if (entry !== null) yield entry
      }
    } while (cursor !== '0')
  }
}

async function scan(node: Redis, cursor: string, pattern: string): Promise<[string, string[]]> {
  try {
    return await node.scan(cursor, 'MATCH', pattern, 'COUNT', PAGE)
  } catch (error) {
    throw redisFailure(error)
  }
}

async function read(node: Redis, layout: Layout, key: string): Promise<StoredKey | null> {
  const parsed = layout.parse(key)
  if (parsed === null) return null
  try {
    const [type, ttl] = await Promise.all([node.type(key), node.pttl(key)])
    // -2: it ended meanwhile; -1: it never does.
    if (ttl === -2) return null
    const value = await readValue(node, key, type, parsed.name)
    const ttlMs = ttl === -1 ? null : ttl
    return value === null
      ? null
      : { partition: parsed.partition, key: parsed.name, ttlMs, ...value }
  } catch (error) {
    throw redisFailure(error)
  }
}

type Value = StoredKey extends infer Key
  ? Key extends StoredKey
    ? Pick<Key, 'kind' | 'value'>
    : never
  : never

async function readValue(
  node: Redis,
  key: string,
  type: string,
  name: string,
): Promise<Value | null> {
  switch (type) {
    case 'string': {
      const value = await node.get(key)
      return value === null ? null : { kind: 'string', value }
    }
    case 'list':
      return filled({ kind: 'list', value: await node.lrange(key, 0, -1) })
    case 'set':
      return filled({ kind: 'set', value: await node.smembers(key) })
    case 'zset': {
      const scored = pairs((await node.call('zrange', key, 0, -1, 'WITHSCORES')) as ScoreReply)
      const value = scored.map(([member, at]) => [member, fromServerScore(name, at)] as const)
      return filled({ kind: 'zset', value })
    }
    case 'hash':
      return { kind: 'hash', value: await node.hgetall(key) }
    default:
      return null
  }
}

function filled<Kind extends Value & { readonly value: readonly unknown[] }>(
  found: Kind,
): Kind | null {
  return found.value.length === 0 ? null : found
}
