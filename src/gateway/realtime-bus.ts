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
  /**
   * An event on a broadcast channel; `except` is the client that caused it, `from`
   * the member of a presence channel who sent it.
   */
  | {
      readonly kind: 'event'
      readonly scope: string
      readonly channel: string
      readonly event: string
      readonly seq: number
      /** Set where `seq` is a place in the channel's history. */
      readonly epoch: string | null
      readonly except: string | null
      readonly from: string | null
      readonly data: string
    }
  /** The `version`th change of who is on a presence channel; `data` is what he is shown as. */
  | {
      readonly kind: 'member'
      readonly scope: string
      readonly channel: string
      readonly user: string
      readonly version: number
      readonly joined: boolean
      readonly data: string
    }
  /** How many clients a process has on a channel; `asks`: say yours. */
  | {
      readonly kind: 'count'
      readonly scope: string
      readonly channel: string
      readonly node: string
      readonly count: number
      readonly asks: boolean
      readonly data: string
    }
  /** All connections of a user are to be closed. */
  | {
      readonly kind: 'terminate'
      readonly scope: string
      readonly user: string
      readonly data: string
    }
  /** The client of this id is sent away. */
  | {
      readonly kind: 'dismiss'
      readonly client: string
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

interface EventOptions {
  /** The client (session or socket) that is not told. */
  readonly except?: string | null
  /** The member of a presence channel whose client sent it. */
  readonly from?: string | null
  readonly seq?: number
  readonly epoch?: string | null
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
  /** Made when somebody wants to know what becomes of what waits. */
  #outcome: PromiseWithResolvers<void> | null = null
  #passing: Promise<unknown> = Promise.resolve()
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
  broadcast(channel: string, event: string, data: string, options: EventOptions = {}): number {
    const { scope } = this.#parts
    const { except = null, from = null, seq = this.#nextSeq(), epoch = null } = options
    this.#send(channel, { kind: 'event', scope, channel, event, seq, epoch, except, from, data })
    return seq
  }

  /** Who is on a presence channel has changed for the `version`th time; `null`: he left. */
  member(channel: string, user: string, version: number, info: string | null): void {
    const { scope } = this.#parts
    const joined = info !== null
    this.#send(channel, { kind: 'member', scope, channel, user, version, joined, data: info ?? '' })
  }

  /** Says how many clients a process has on a channel; `asks` that the others say theirs. */
  count(channel: string, node: string, count: number, asks: boolean): void {
    const { scope } = this.#parts
    this.#send(channel, { kind: 'count', scope, channel, node, count, asks, data: '' })
  }

  /** Closes all connections of a user, by whatever protocol and wherever they are. */
  terminate(user: string): void {
    this.#send(user, { kind: 'terminate', scope: this.#parts.scope, user, data: '' })
  }

  /** Sends one client away, whatever protocol it speaks and wherever it is. */
  dismiss(client: string): void {
    this.#send(client, { kind: 'dismiss', client, data: '' })
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

  /** Resolves when everything said so far has been passed on; rejects when some of it was not. */
  async flushed(): Promise<void> {
    if (this.#waiting.size > 0) this.#outcome ??= Promise.withResolvers()
    await Promise.all([this.#passing, this.#outcome?.promise])
  }

  #send(spreadBy: string, message: RealtimeMessage): void {
    const shard = partitionOf(spreadBy, SHARDS)
    const waiting = this.#waiting.get(shard)
    if (waiting) {
      waiting.push(encodeMessage(message))
      return
    }
    if (this.#waiting.size === 0) process.nextTick(() => this.#flush())
    this.#waiting.set(shard, [encodeMessage(message)])
  }

  #flush(): void {
    const { bus, log } = this.#parts
    const published = [...this.#waiting].map(([shard, messages]) =>
      bus.publish(shardChannel(shard), messages.join(RECORD)),
    )
    this.#waiting.clear()
    const outcome = this.#outcome
    this.#outcome = null
    this.#passing = Promise.all(published)
    this.#passing.then(
      () => outcome?.resolve(),
      (error: unknown) => {
        if (outcome) outcome.reject(error)
        log.warn({ err: error }, 'a live message was not passed on; clients find it in their queue')
      },
    )
  }

  /** Microseconds, never the same twice: grows over restarts too. */
  #nextSeq(): number {
    this.#lastSeq = Math.max(this.#lastSeq + 1, this.#parts.now() * 1000)
    return this.#lastSeq
  }
}
