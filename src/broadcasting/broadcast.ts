import { Current } from '../support/current.ts'
import { BroadcastManager, type ConnectionOptions } from './broadcast-manager.ts'
import type { Broadcastable } from './broadcastable.ts'
import type { Broadcaster } from './broadcaster.ts'
import { nullBroadcaster } from './drivers/null.ts'
import { pusherFrom, remoteGatewayFrom } from './drivers/pusher-options.ts'
import type { PendingBroadcast } from './pending-broadcast.ts'
import { Targets } from './targets.ts'

/**
 * The broadcasts of this process. A service that starts here takes it over: then
 * they go through its durable queue. Before that, or without one, `configure`
 * makes connections by which events are handed on at once.
 */
class ProcessBroadcast extends Targets {
  readonly #own = new BroadcastManager({
    drivers: {
      pusher: pusherFrom,
      websocket: remoteGatewayFrom,
      gateway: remoteGatewayFrom,
      reverb: remoteGatewayFrom,
      null: nullBroadcaster,
    },
  })
  readonly #attached = new Current<BroadcastManager>('No service broadcasts here.')

  /** Makes `manager` the one that broadcasts; the answer takes that back. */
  attach(manager: BroadcastManager): () => void {
    const attached = this.#attached.use(manager)
    return () => attached[Symbol.dispose]()
  }

  /** Does a piece of work in which `manager` broadcasts. */
  within<Result>(manager: BroadcastManager, work: () => Result): Result {
    return this.#attached.within(manager, work)
  }

  /** A connection: `configure('pusher', { app_id, key, secret, cluster: 'us2' })`. */
  configure(name: string, options: ConnectionOptions = {}): Broadcaster {
    return this.#manager.configure(name, options)
  }

  connection(name: string | null = null): Broadcaster {
    return this.#manager.connection(name)
  }

  /** Leaves a socket out of whatever is said with the answer. */
  toOthers(socketId: string | null | undefined): Targets {
    return this.#manager.toOthers(socketId)
  }

  /** Broadcasts an event as it describes itself; `false`: it did not want to be. */
  event(event: Broadcastable): Promise<boolean> {
    return this.#manager.event(event)
  }

  protected begin(channels: readonly string[]): PendingBroadcast {
    return this.#manager.channels(channels)
  }

  get #manager(): BroadcastManager {
    return this.#attached.isThere ? this.#attached.get() : this.#own
  }
}

/** `await Broadcast.private('user.42').send('order.shipped', { id: 7 })`. */
export const Broadcast = new ProcessBroadcast()
