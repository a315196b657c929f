import { createHash } from 'node:crypto'
import type { Cluster, Redis } from 'ioredis'
import { type ConnectOptions, connectCluster, connectNode } from './connect-redis.ts'
import type { RedisConfig } from './redis-config.ts'
import { redisFailure } from './redis-failure.ts'
import { type Argument, CommandMemory, WrittenCommand } from './written-command.ts'

/** A Lua script and the name under which the server keeps it. */
export interface Script {
  readonly lua: string
  readonly sha: string
}

export function defineScript(lua: string): Script {
  return { lua, sha: createHash('sha1').update(lua).digest('hex') }
}

/**
 * Sends commands once each and turns every failure into an error of ours:
 * `Unavailable` when the command may not have been carried out.
 */
export class RedisConnection {
  readonly #client: Redis | Cluster
  readonly #memory = new CommandMemory()

  constructor(client: Redis | Cluster) {
    this.#client = client
  }

  static async open(config: RedisConfig, options: ConnectOptions): Promise<RedisConnection> {
    const connect = config.mode === 'cluster' ? connectCluster : connectNode
    return new RedisConnection(await connect(config, options))
  }

  /** The first argument is the key, or there is none. */
  async call(command: string, ...args: readonly Argument[]): Promise<unknown> {
    try {
      return await this.#send(command, args.slice(0, 1), args.slice(1))
    } catch (error) {
      throw redisFailure(error)
    }
  }

  /**
   * Runs a script on the node that holds the keys that begin with `start`, its
   * `KEYS[1]`; `ARGV` is what `args` hold one after the other.
   */
  async run(
    script: Script,
    start: string,
    ...args: readonly (readonly Argument[])[]
  ): Promise<unknown> {
    try {
      return await this.#send('evalsha', [script.sha, 1, start], ...args)
    } catch (error) {
      if (!isUnknownScript(error)) throw redisFailure(error)
    }
    try {
      // Nothing was done yet; this also teaches the server the script.
      return await this.#send('eval', [script.lua, 1, start], ...args)
    } catch (error) {
      throw redisFailure(error)
    }
  }

  /** Runs Lua that touches no key, on whichever node. */
  async runAnywhere(lua: string, args: readonly Argument[]): Promise<unknown> {
    try {
      return await this.#send('eval', [lua, 0], args)
    } catch (error) {
      throw redisFailure(error)
    }
  }

  async #send(
    name: string,
    known: readonly Argument[],
    ...rest: readonly (readonly Argument[])[]
  ): Promise<unknown> {
    const { bytes, release } = this.#memory.write(name, [known, ...rest])
    this.#gather()
    const reply = await this.#client.sendCommand(new WrittenCommand(name, known, bytes))
    release()
    return reply
  }

  /** Commands of one turn are one write to the socket, and its server answers them with one. */
  #gather(): void {
    const stream = 'nodes' in this.#client ? null : this.#client.stream
    if (!stream || stream.writableCorked > 0) return
    stream.cork()
    process.nextTick(() => stream.uncork())
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
