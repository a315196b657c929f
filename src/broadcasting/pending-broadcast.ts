import { InvalidPayload, TooLarge } from '../support/errors.ts'
import {
  BROADCAST_QUEUES,
  type BroadcastMessage,
  type BroadcastQueueName,
  isBroadcastQueue,
} from './broadcaster.ts'
import { isChannelName, userOfChannel } from './channel-name.ts'

const MOST_BYTES = 256 * 1024
const MOST_CHANNELS = 1000

/** How a broadcast goes, besides what it says. */
export interface BroadcastOptions {
  readonly connections: readonly string[] | null
  readonly queue: BroadcastQueueName
  /** At once, without the queue. */
  readonly now: boolean
}

/** Takes a broadcast that has been described in full. */
export type Dispatch = (message: BroadcastMessage, options: BroadcastOptions) => Promise<void>

interface State {
  readonly channels: readonly string[]
  readonly except: string | null
  readonly connections: readonly string[] | null
  readonly queue: BroadcastQueueName
}

/** A broadcast in the making; every step gives a new one. */
export class PendingBroadcast {
  readonly #state: State
  readonly #dispatch: Dispatch

  constructor(
    state: Pick<State, 'channels'> & Partial<Omit<State, 'channels'>>,
    dispatch: Dispatch,
  ) {
    this.#state = { except: null, connections: null, queue: 'broadcasts', ...state }
    this.#dispatch = dispatch
  }

  /** Leaves the socket out that caused it: the `X-Socket-ID` of its request; none: nobody. */
  toOthers(socketId: string | null | undefined): PendingBroadcast {
    return this.#with({ except: socketId ?? null })
  }

  /** By these connections, in place of the default one. */
  via(...connections: readonly string[]): PendingBroadcast {
    return this.#with({ connections })
  }

  /** `critical-broadcasts` does not wait behind the rest. Throws `InvalidPayload` for any other. */
  onQueue(queue: string): PendingBroadcast {
    return this.#with({ queue: queueOf(queue) })
  }

  /** Resolves when the event is durable in its queue; without a service, when it was taken. */
  send(event: string, data: unknown = {}): Promise<void> {
    return this.#go(event, data, false)
  }

  /** Resolves when the other side has taken the event; nothing is kept if it does not. */
  sendNow(event: string, data: unknown = {}): Promise<void> {
    return this.#go(event, data, true)
  }

  #with(changes: Partial<State>): PendingBroadcast {
    return new PendingBroadcast({ ...this.#state, ...changes }, this.#dispatch)
  }

  async #go(event: string, data: unknown, now: boolean): Promise<void> {
    const { channels, except, connections, queue } = this.#state
    const names = [...new Set(channels)]
    assertChannels(names)
    assertEvent(event)
    const message = { channels: names, event, data: textOf(data), except }
    await this.#dispatch(message, { connections, queue, now })
  }
}

/** Throws `InvalidPayload` for a queue that there is not. */
export function queueOf(name: string): BroadcastQueueName {
  if (isBroadcastQueue(name)) return name
  throw new InvalidPayload(
    `There is no broadcast queue ${JSON.stringify(name)}; there are ${BROADCAST_QUEUES.join(' and ')}.`,
  )
}

function assertChannels(names: readonly string[]): void {
  if (names.length === 0 || names.length > MOST_CHANNELS) {
    throw new InvalidPayload(`A broadcast needs 1 to ${MOST_CHANNELS} channels.`)
  }
  const wrong = names.find((name) => !isChannelName(name) && userOfChannel(name) === null)
  if (wrong === undefined) return
  throw new InvalidPayload(
    `${JSON.stringify(wrong)} is no channel: letters, digits and _-=@,.;:|~ only, 200 at most.`,
  )
}

function assertEvent(event: string): void {
  if (event !== '' && event.length <= 200 && !event.startsWith('pusher')) return
  throw new InvalidPayload('An event has a name of 1 to 200 characters, not one of the protocol.')
}

function textOf(data: unknown): string {
  const text = JSON.stringify(data) ?? 'null'
  if (Buffer.byteLength(text) <= MOST_BYTES) return text
  throw new TooLarge(`The data of a broadcast are ${MOST_BYTES} bytes of JSON at most.`)
}
