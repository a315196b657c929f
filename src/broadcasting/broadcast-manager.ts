import { type Broadcastable, planOf } from './broadcastable.ts'
import type { Broadcaster, BroadcastMessage, BroadcastQueue } from './broadcaster.ts'
import { type BroadcastOptions, PendingBroadcast } from './pending-broadcast.ts'
import { Targets } from './targets.ts'

/** What a connection is made of, as an application writes it. */
export type ConnectionOptions = Readonly<Record<string, unknown>>

/** Makes the broadcaster of one driver; throws an `Error` that says what is missing. */
export type MakeBroadcaster = (options: ConnectionOptions) => Broadcaster

interface Parts {
  /** Driver → how a connection of it is made by `configure`. */
  readonly drivers?: Readonly<Record<string, MakeBroadcaster>>
  readonly connections?: Readonly<Record<string, Broadcaster>>
  /** The connection that is used where none is named; absent: the one configured first. */
  readonly standard?: string
  /** Absent: everything is handed on at once. */
  readonly queue?: BroadcastQueue
  /** Told of what was handed on without the queue. */
  readonly onOutcome?: (driver: string, outcome: 'sent' | 'failed') => void
  /** Told of an error that an event wants reported only. */
  readonly onRescued?: (error: unknown) => void
}

/** Broadcasts by the connections that there are, through the queue where there is one. */
export class BroadcastManager extends Targets {
  readonly #drivers: Readonly<Record<string, MakeBroadcaster>>
  readonly #connections: Map<string, Broadcaster>
  readonly #parts: Parts
  #standard: string | null

  constructor(parts: Parts = {}) {
    super()
    this.#parts = parts
    this.#drivers = parts.drivers ?? {}
    this.#connections = new Map(Object.entries(parts.connections ?? {}))
    this.#standard = parts.standard ?? null
  }

  /** The names of all connections, the default one first. */
  get names(): readonly string[] {
    const names = [...this.#connections.keys()]
    return names.sort((a, b) => Number(b === this.#standard) - Number(a === this.#standard))
  }

  /** Leaves a socket out of whatever is said with the answer. */
  toOthers(socketId: string | null | undefined): Targets {
    const begin = (channels: readonly string[]) => this.begin(channels).toOthers(socketId)
    return new TargetsOf(begin)
  }

  /**
   * Makes a connection: `configure('pusher', { app_id, key, secret, cluster })`; its
   * driver is its name unless `driver` says another. The first one is the default,
   * as is one with `default: true`.
   */
  configure(name: string, options: ConnectionOptions = {}): Broadcaster {
    const { driver = name, default: isDefault = false, ...rest } = camelCased(options)
    const make = this.#drivers[String(driver)]
    if (make === undefined) {
      const known = Object.keys(this.#drivers).join(', ') || 'none'
      throw new Error(`There is no broadcast driver ${String(driver)} here; there are: ${known}.`)
    }
    const broadcaster = make(rest)
    this.#connections.set(name, broadcaster)
    if (this.#standard === null || isDefault === true) this.#standard = name
    return broadcaster
  }

  /** Throws an `Error` where there is none of that name. */
  connection(name: string | null = null): Broadcaster {
    const wanted = name ?? this.#standard
    const found = wanted === null ? undefined : this.#connections.get(wanted)
    if (found) return found
    if (wanted === null) {
      throw new Error('Nothing is there to broadcast with: start the service, or configure() one.')
    }
    throw new Error(`There is no broadcast connection ${wanted}; there are: ${this.names}.`)
  }

  /** Broadcasts an event as it describes itself; `false`: it did not want to be. */
  async event(event: Broadcastable): Promise<boolean> {
    try {
      const plan = await planOf(event)
      if (plan === null) return false
      const { channels, except, connections, queue } = plan
      const pending = new PendingBroadcast({ channels, except, connections, queue }, this.#dispatch)
      await (plan.now
        ? pending.sendNow(plan.event, plan.data)
        : pending.send(plan.event, plan.data))
      return true
    } catch (error) {
      if (event.shouldRescue !== true) throw error
      this.#parts.onRescued?.(error)
      return false
    }
  }

  protected begin(channels: readonly string[]): PendingBroadcast {
    return new PendingBroadcast({ channels }, this.#dispatch)
  }

  #dispatch = async (message: BroadcastMessage, options: BroadcastOptions): Promise<void> => {
    const { queue } = this.#parts
    const names = options.connections ?? [null]
    // Before anything is kept: what no worker could hand on is the caller's mistake.
    const targets = names.map((name) => ({ name, broadcaster: this.connection(name) }))
    if (queue && !options.now) {
      const connections = names.map((name) => name ?? this.#standard ?? '')
      await queue.push(
        connections.map((connection) => ({ connection, queue: options.queue, message })),
      )
      return
    }
    for (const { broadcaster } of targets) await this.#handOn(broadcaster, message)
  }

  async #handOn(broadcaster: Broadcaster, message: BroadcastMessage): Promise<void> {
    const { onOutcome = () => {} } = this.#parts
    try {
      await broadcaster.broadcast(message)
      onOutcome(broadcaster.name, 'sent')
    } catch (error) {
      onOutcome(broadcaster.name, 'failed')
      throw error
    }
  }
}

class TargetsOf extends Targets {
  protected readonly begin: (channels: readonly string[]) => PendingBroadcast

  constructor(begin: (channels: readonly string[]) => PendingBroadcast) {
    super()
    this.begin = begin
  }
}

/** `app_id`, as other languages write it, is `appId`. */
function camelCased(options: ConnectionOptions): Record<string, unknown> {
  const entries = Object.entries(options).map(([name, value]) => [
    name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase()),
    value,
  ])
  return Object.fromEntries(entries)
}
