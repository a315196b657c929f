import { messageOf } from '../../support/errors.ts'
import { type Broadcaster, BroadcastFailed, type BroadcastMessage } from '../broadcaster.ts'

/** Publishes one message on several Redis channels in one step, by exactly these names. */
export type Announce = (channels: readonly string[], message: string) => Promise<void>

/**
 * Redis pub/sub with Laravel's envelope, `{event,data,socket}`, on channels named
 * as the broadcast channels, so that subscribers written for it work unchanged.
 */
export class RedisBroadcaster implements Broadcaster {
  readonly name = 'redis'
  readonly #announce: Announce
  readonly #prefix: string

  constructor({ announce, prefix = '' }: { announce: Announce; prefix?: string }) {
    this.#announce = announce
    this.#prefix = prefix
  }

  async verify(): Promise<void> {
    const nobody = { event: 'check', data: '{}', except: null }
    await this.broadcast({ ...nobody, channels: ['broadcasting.check'] })
  }

  async broadcast(message: BroadcastMessage): Promise<void> {
    const names = message.channels.map((channel) => this.#prefix + channel)
    try {
      await this.#announce(names, envelopeOf(message))
    } catch (error) {
      throw new BroadcastFailed('unreachable', messageOf(error), { cause: error })
    }
  }
}

/** The data are JSON already: they go in as they are. */
export function envelopeOf({ event, data, except }: BroadcastMessage): string {
  return `{"event":${JSON.stringify(event)},"data":${data},"socket":${JSON.stringify(except)}}`
}
