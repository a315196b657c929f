import { BelfryError, messageOf } from '../../support/errors.ts'
import type { AppCredentials } from '../app-credentials.ts'
import { type Broadcaster, BroadcastFailed, type BroadcastMessage } from '../broadcaster.ts'
import { sealedFor } from '../sealed.ts'

/** The sending side of the gateway. */
export interface GatewayDesk {
  /** Sends to everybody on a channel, on all processes. */
  trigger(
    channel: string,
    event: { readonly event: string; readonly data: string; readonly except: string | null },
  ): Promise<void>
  /** Resolves when the other processes have been told; rejects when they were not. */
  flushed(): Promise<void>
}

interface Parts {
  /** Made after this: the gateway belongs to the HTTP port. */
  readonly desk: () => GatewayDesk
  readonly credentials: () => AppCredentials
}

/** Our own gateway, on this process and all others: WebSocket, Pusher protocol, Socket.IO and SSE. */
export class GatewayBroadcaster implements Broadcaster {
  readonly name = 'gateway'
  readonly #parts: Parts

  constructor(parts: Parts) {
    this.#parts = parts
  }

  async verify(): Promise<void> {
    const nobody = { event: 'check', data: '{}', except: null }
    await this.broadcast({ ...nobody, channels: ['broadcasting.check'] })
  }

  async broadcast({ channels, event, data, except }: BroadcastMessage): Promise<void> {
    const desk = this.#parts.desk()
    try {
      await Promise.all(
        channels.map((channel) => {
          const sealed = sealedFor(channel, data, this.#parts.credentials)
          return desk.trigger(channel, { event, data: sealed, except })
        }),
      )
      await desk.flushed()
    } catch (error) {
      const isRefused = error instanceof BelfryError && !error.retryable
      throw new BroadcastFailed(isRefused ? 'refused' : 'unreachable', messageOf(error), {
        cause: error,
      })
    }
  }
}
