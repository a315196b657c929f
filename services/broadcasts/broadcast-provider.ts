import {
  type Broadcaster,
  BroadcastFailed,
  type BroadcastManager,
  messageOf,
} from '../../src/index.ts'
import type { Provider, SendOutcome } from '../channels/channel.ts'
import type { DeliveryJob } from '../deliveries/delivery-job.ts'
import type { BroadcastContent } from './broadcast-job.ts'

/** Hands queued broadcasts on by the connection that each names. */
export class BroadcastProvider implements Provider<BroadcastContent> {
  readonly name = 'broadcast'
  readonly #manager: Pick<BroadcastManager, 'connection'>

  constructor({ manager }: { readonly manager: Pick<BroadcastManager, 'connection'> }) {
    this.#manager = manager
  }

  async send(job: DeliveryJob<BroadcastContent>, signal: AbortSignal): Promise<SendOutcome> {
    let broadcaster: Broadcaster
    try {
      broadcaster = this.#manager.connection(job.connection)
    } catch (error) {
      return { status: 'failed', reason: messageOf(error) }
    }
    const { name: provider } = broadcaster
    const { channels, event, payload: data, except } = job
    try {
      await broadcaster.broadcast({ channels, event, data, except }, signal)
      return { status: 'sent', provider }
    } catch (error) {
      if (error instanceof BroadcastFailed) return { ...outcomeOf(error), provider }
      throw error
    }
  }
}

function outcomeOf({ kind, message: reason, retryAfterMs }: BroadcastFailed): SendOutcome {
  const wait = retryAfterMs === undefined ? {} : { retryAfterMs }
  switch (kind) {
    case 'refused':
      return { status: 'failed', reason }
    case 'retry':
      return { status: 'retry', reason, ...wait }
    case 'unreachable':
      return { status: 'unreachable', reason, ...wait }
  }
}
