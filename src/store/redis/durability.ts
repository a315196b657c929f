import type { Redis } from 'ioredis'
import type { RedisConnection } from './redis-connection.ts'
import { redisFailure } from './redis-failure.ts'

/**
 * Says in sentences what of the servers' configuration puts at risk what was
 * accepted: no append-only file (a crash loses all since the last snapshot), an
 * eviction policy (a full memory throws records away).
 */
export async function checkDurability(redis: RedisConnection): Promise<string[]> {
  const warnings = await Promise.all(redis.masters().map((node) => checkNode(node)))
  return [...new Set(warnings.flat())]
}

async function checkNode(node: Redis): Promise<string[]> {
  const where = `${node.options.host ?? 'Redis'}:${node.options.port ?? ''}`
  const [appendOnly, policy] = await Promise.all([
    setting(node, 'appendonly'),
    setting(node, 'maxmemory-policy'),
  ])
  const warnings: string[] = []
  if (appendOnly === null && policy === null) {
    warnings.push(`${where} does not tell its configuration: appendonly and noeviction are needed`)
  }
  if (appendOnly !== null && appendOnly !== 'yes') {
    warnings.push(`${where} has appendonly ${appendOnly}: a crash loses what was accepted; set yes`)
  }
  if (policy !== null && policy !== 'noeviction') {
    warnings.push(`${where} has maxmemory-policy ${policy}: records may vanish; set noeviction`)
  }
  return warnings
}

/** A setting's value; `null` where the command is forbidden, as hosted Redis often has it. */
async function setting(node: Redis, name: string): Promise<string | null> {
  try {
    const [, value] = (await node.config('GET', name)) as [string?, string?]
    return value ?? null
  } catch (error) {
    const failure = redisFailure(error)
    if (failure.retryable) throw failure
    return null
  }
}
