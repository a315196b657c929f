import type { Bus } from '../store/bus.ts'
import { partitionOf } from '../support/ids.ts'
import type { Logger } from '../support/logger.ts'

/** Bus channels over which users and broadcast channels are spread. */
export const SHARDS = 16
export const shardChannel = (shard: number): string => `realtime:${shard}`

/**
 * What gateways tell each other. `data` is JSON text that nobody on the way
 * parses; it travels beside the head, not in it.
 */
export type RealtimeMessage =
  /** `seq` 0: shown to whoever is there, kept nowhere. */
  | {
      readonly kind: 'user'
      readonly scope: string
      readonly user: string
      readonly seq: number
      readonly type: string
      readonly data: string
    }
  /** An event on a broadcast channel; `except` is the session that caused it. */
  | {
      readonly kind: 'event'
      readonly scope: string
      readonly channel: string
      readonly event: string
      readonly seq: number
      readonly except: string | null
      readonly data: string
    }
  /** A session was ended, or (`connection` given) is held by that socket from now on. */
  | {
      readonly kind: 'session'
      readonly scope: string
      readonly user: string
      readonly session: string
      readonly connection: string | null
      readonly data: string
    }

// JSON text holds no raw control characters, so these cannot occur inside a message.
const RECORD = '\x1e'
const BODY = '\x1f'

export function encodeMessage({ data, ...head }: RealtimeMessage): string {
  return JSON.stringify(head) + BODY + data
}

/** The messages of one bus transmission; rejects none: only gateways write here. */
export function decodeMessages(transmission: string): RealtimeMessage[] {
  return transmission.split(RECORD).map((text) => {
    const end = text.indexOf(BODY)
    return { ...JSON.parse(text.slice(0, end)), data: text.slice(end + 1) } as RealtimeMessage
  })
}

interface Parts {
  readonly bus: Bus
  /** The tenant's key prefix, `Keys.scope`. */
  readonly scope: string
  readonly now: () => number
  readonly log: Logger
}

/**
 * The sending side of the gateway: tells every process what its clients should
 * see. What is sent within a turn of the event loop is one message per shard.
 * The bus is a hint; what must arrive is in the session queues already.
 */
export class RealtimeBus {
  readonly #parts: Parts
  readonly #waiting = new Map<number, string[]>()
  #lastSeq = 0

  constructor(parts: Parts) {
    this.#parts = parts
  }

  /** Shows a user's sessions an entry of their queues; `seq` 0 means that there are none. */
  publish(user: string, seq: number, type: string, data: string): void {
    if (seq > 0) this.signal(user, type, data, seq)
  }

  /** Shows something to the sessions that are there right now, without keeping it. */
  signal(user: string, type: string, data: string, seq = 0): void {
    this.#send(user, { kind: 'user', scope: this.#parts.scope, user, seq, type, data })
  }

  /**
   * An event for everybody on a broadcast channel, on all processes; `data` is
   * JSON text. Events are numbered upwards per sender; the number is the answer.
   */
  broadcast(
    channel: string,
    event: string,
    data: string,
    { except = null, seq = this.#nextSeq() }: { except?: string | null; seq?: number } = {},
  ): number {
    const { scope } = this.#parts
    this.#send(channel, { kind: 'event', scope, channel, event, seq, except, data })
    return seq
  }

  /** Ends a session's socket, wherever it is. */
  end(user: string, session: string): void {
    const { scope } = this.#parts
    this.#send(user, { kind: 'session', scope, user, session, connection: null, data: '' })
  }

  /** Makes `connection` the only socket of a session: any other is closed. */
  takeOver(user: string, session: string, connection: string): void {
    const { scope } = this.#parts
    this.#send(user, { kind: 'session', scope, user, session, connection, data: '' })
  }

  #send(spreadBy: string, message: RealtimeMessage): void {
    const shard = partitionOf(spreadBy, SHARDS)
    const waiting = this.#waiting.get(shard)
    if (waiting) {
      waiting.push(encodeMessage(message))
      return
    }
    if (this.#waiting.size === 0) setImmediate(() => this.#flush())
    this.#waiting.set(shard, [encodeMessage(message)])
  }

  #flush(): void {
    const { bus, log } = this.#parts
    for (const [shard, messages] of this.#waiting) {
      bus.publish(shardChannel(shard), messages.join(RECORD)).catch((error: unknown) => {
        log.warn({ err: error }, 'a live message was not passed on; clients find it in their queue')
      })
    }
    this.#waiting.clear()
  }

  /** Microseconds, never the same twice: grows over restarts too. */
  #nextSeq(): number {
    this.#lastSeq = Math.max(this.#lastSeq + 1, this.#parts.now() * 1000)
    return this.#lastSeq
  }
}
