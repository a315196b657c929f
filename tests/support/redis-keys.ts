import { Redis } from 'ioredis'

/** A key as a server has it. */
export interface FoundKey {
  /** Without the tag of its partition. */
  readonly key: string
  readonly type: string
  /** Milliseconds; -1: without an end. */
  readonly ttlMs: number
  /** How many elements a list, a set, a sorted set or a hash has; 1 for a string. */
  readonly size: number
  /** The value of a string, else empty. */
  readonly text: string
}

const SIZE: Readonly<Record<string, string>> = {
  list: 'LLEN',
  set: 'SCARD',
  zset: 'ZCARD',
  hash: 'HLEN',
}
const PARTITION_TAG = /^\{p\d+\}:/

/**
 * Every key that matches on all nodes of `url` (a comma list), in order of
 * name. Keys that end meanwhile are left out.
 */
export async function readKeys(url: string, match = '*'): Promise<readonly FoundKey[]> {
  const nodes = url.split(',')
  const pages = await Promise.all(nodes.map((node) => readNode(new URL(node), match)))
  return pages.flat().sort((a, b) => (a.key < b.key ? -1 : 1))
}

async function readNode({ hostname, port }: URL, match: string): Promise<FoundKey[]> {
  const redis = new Redis(Number(port), hostname)
  try {
    const names = new Set<string>()
    for await (const page of redis.scanStream({ match, count: 1000 })) {
      for (const name of page as string[]) names.add(name)
    }
    const found = await Promise.all([...names].map((name) => describe(redis, name)))
    return found.filter((one) => one !== null)
  } finally {
    redis.disconnect()
  }
}

async function describe(redis: Redis, name: string): Promise<FoundKey | null> {
  const [type, ttlMs] = await Promise.all([redis.type(name), redis.pttl(name)])
  if (ttlMs === -2 || type === 'none') return null
  const key = name.replace(PARTITION_TAG, '')
  const count = SIZE[type]
  if (count === undefined) {
    return { key, type, ttlMs, size: 1, text: (await redis.get(name)) ?? '' }
  }
  return { key, type, ttlMs, size: Number(await redis.call(count, name)), text: '' }
}
