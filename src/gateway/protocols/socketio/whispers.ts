import { z } from 'zod'
import { readChannelName } from '../../../broadcasting/channel-name.ts'
import type { Clock } from '../../../support/clock.ts'
import { Forbidden, InvalidPayload } from '../../../support/errors.ts'
import { EventRate } from '../../event-rate.ts'
import type { RealtimeBus } from '../../realtime-bus.ts'
import type { Session } from '../../session.ts'

const MOST_BYTES = 10_000

const ClientEvent = z.object({
  channel: z.string(),
  event: z.string().max(200).startsWith('client-'),
  data: z.unknown(),
})

interface Parts {
  readonly busOf: (scope: string) => RealtimeBus
  readonly clock: Clock
}

/**
 * Passes client events on to the other members of a channel, on all processes:
 * what laravel-echo's `whisper` sends, under the rules of the Pusher protocol.
 */
export class Whispers {
  readonly #parts: Parts
  readonly #rates = new WeakMap<Session, EventRate>()

  constructor(parts: Parts) {
    this.#parts = parts
  }

  /** Throws `InvalidPayload`, or `Forbidden`. */
  pass(session: Session, said: unknown): void {
    const parsed = ClientEvent.safeParse(said)
    if (!parsed.success) {
      throw new InvalidPayload('A client event is {channel, event, data}, its event client-….')
    }
    const { channel, event, data } = parsed.data
    const { kind } = readChannelName(channel)
    if (!session.channels.includes(channel) || (kind !== 'private' && kind !== 'presence')) {
      throw new Forbidden('Client events go to private and presence channels that you are on.')
    }
    const text = JSON.stringify(data ?? null)
    if (Buffer.byteLength(text) > MOST_BYTES) {
      throw new InvalidPayload(`Client events have at most ${MOST_BYTES} bytes of data.`)
    }
    if (!this.#rateOf(session).allows(this.#parts.clock.now())) {
      throw new Forbidden('You send more than 10 client events a second.')
    }
    const from = kind === 'presence' ? session.user : null
    this.#parts
      .busOf(session.application.scope)
      .broadcast(channel, event, text, { except: session.id, from })
  }

  #rateOf(session: Session): EventRate {
    const known = this.#rates.get(session)
    if (known) return known
    const rate = new EventRate()
    this.#rates.set(session, rate)
    return rate
  }
}
