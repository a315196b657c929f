import { createHash } from 'node:crypto'
import type { Cluster, Redis } from 'ioredis'
import { type ConnectOptions, connectCluster, connectNode } from './connect-redis.ts'
import type { RedisConfig } from './redis-config.ts'
import { redisFailure } from './redis-failure.ts'

/** A Lua script and the name under which the server keeps it. */
export interface Script {
  readonly lua: string
  readonly sha: string
}

export function defineScript(lua: string): Script {
  return { lua, sha: createHash('sha1').update(lua).digest('hex') }
}

type Argument = string | number

/**
 * Sends commands once each and turns every failure into an error of ours:
 * `Unavailable` when the command may not have been carried out.
 */
export class RedisConnection {
  readonly #client: Redis | Cluster

  constructor(client: Redis | Cluster) {
    this.#client = client
  }

  static async open(config: RedisConfig, options: ConnectOptions): Promise<RedisConnection> {
    const connect = config.mode === 'cluster' ? connectCluster : connectNode
    return new RedisConnection(await connect(config, options))
  }

  async call(command: string, ...args: readonly Argument[]): Promise<unknown> {
    try {
      return await this.#client.call(command, [...args])
    } catch (error) {
      throw redisFailure(error)
    }
  }

  /** Runs a script on the node that holds the keys that begin with `start`, its `KEYS[1]`. */
  async run(script: Script, start: string, args: readonly Argument[]): Promise<unknown> {
    try {
      return await this.#client.call('evalsha', [script.sha, 1, start, ...args])
    } catch (error) {
      if (!isUnknownScript(error)) throw redisFailure(error)
    }
    // Nothing was done yet; this also teaches the server the script.
    return this.call('eval', script.lua, 1, start, ...args)
  }

  /** Every node that keys are written to. */
  masters(): readonly Redis[] {
    return 'nodes' in this.#client ? this.#client.nodes('master') : [this.#client]
  }

  /** Lets commands under way end; resolves when nothing is connected any more. */
  async close(): Promise<void> {
    try {
      await this.#client.quit()
    } catch {
      // Not connected: nothing to say goodbye to.
    }
    this.#client.disconnect()
  }
}

function isUnknownScript(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith('NOSCRIPT')
}
