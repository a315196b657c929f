import type { Context } from '../context.ts'
import type { Clock } from '../support/clock.ts'
import { asBelfryError, type BelfryError, NoRoute, Unavailable } from '../support/errors.ts'
import { uuidv7 } from '../support/ids.ts'
import { type Insisting, insist } from '../support/insist.ts'
import type { Logger } from '../support/logger.ts'
import type { Metrics } from '../support/metrics.ts'
import type { IncomingMessage, Intake, Publisher } from './message.ts'
import { decodeReading } from './payload.ts'
import type { Refusal } from './refusal.ts'
import { NO_WISH, Replies, type ReplyWish, replyWish } from './reply.ts'
import type { Route } from './route.ts'
import type { Router } from './router.ts'
import type { TopicMatch } from './topic-trie.ts'

export interface DispatcherParts {
  readonly router: Router
  readonly publisher: Publisher
  readonly clock: Clock
  readonly log: Logger
  /** `MQTT_TOPIC_PREFIX` as it stands before topics. */
  readonly prefix: string
  /** Records a refusal; the message is acknowledged once that has worked. */
  readonly onRefused: (refusal: Refusal) => Promise<void>
  /** Whether to stop waiting for the store: the process ends, and the broker keeps the message. */
  readonly abandoned?: () => boolean
  readonly metrics?: Metrics
}

/** What a message says about its reply, and of which tenant its sender is. */
type TenantWish = ReplyWish & { readonly tenant: string }

/** Before the nth repetition, in milliseconds. */
const RETRY_MS = [50, 100, 250, 500, 1_000]

const TELL_EVERY_MS = 5_000

/** Brings a message from a broker to its route's handler, and the answer back. */
export class Dispatcher {
  readonly #parts: DispatcherParts
  readonly #replies: Replies
  readonly #handledBy: (route: string) => (seconds: number) => void
  readonly #insisting: Insisting
  #toldAt = 0

  constructor(parts: DispatcherParts) {
    this.#parts = parts
    this.#replies = new Replies(parts)
    this.#handledBy = counterOf(parts.metrics)
    this.#insisting = {
      clock: parts.clock,
      isOver: () => parts.abandoned?.() ?? false,
      pauseMs: pauseBefore,
      onAway: (error) => this.#tellOfWaiting(error),
    }
  }

  /**
   * Handles or refuses one message. While the store is away it tries again;
   * it rejects with `Unavailable` only when that was abandoned, and then the
   * message must not be acknowledged.
   */
  readonly dispatch: Intake = async (message) => {
    const match = this.#parts.router.match(message.topic)
    if (match === null) {
      const { tenant = '' } = message.principal ?? {}
      return this.#refuse(message, { ...wishOf(message.payload), tenant }, noRoute(message))
    }
    if (message.only !== null && !message.only.has(match.value.pattern)) return 'ignored'
    if (message.retained && !match.value.acceptsRetained) return 'ignored'

    const receivedAt = this.#parts.clock.now()
    const startedAt = performance.now()
    const id = uuidv7(receivedAt)
    let wish = NO_WISH
    let context: Context | null = null
    const tenant = () => (context?.principal ?? message.principal)?.tenant ?? ''
    try {
      const reply = await insist(() => {
        context = this.#contextOf(message, match, { id, receivedAt })
        wish = replyWish(context.payload)
        return match.value.run(context)
      }, this.#insisting)
      this.#answer(message, { ...wish, tenant: tenant() }, reply)
      this.#handledBy(match.value.pattern)((performance.now() - startedAt) / 1000)
      return 'handled'
    } catch (error) {
      if (error instanceof Unavailable) throw error
      const refused = asRefusal(error, match.value, this.#parts.log)
      return this.#refuse(message, { ...wish, tenant: tenant() }, refused)
    }
  }

  /** Parsed anew for every try, because steps may change what they are given. */
  #contextOf(
    message: IncomingMessage,
    match: TopicMatch<Route>,
    { id, receivedAt }: Pick<Context, 'id' | 'receivedAt'>,
  ): Context {
    return {
      id,
      door: 'mqtt',
      target: message.topic,
      route: match.value.pattern,
      params: match.params,
      payload: match.value.decode(message.payload),
      query: {},
      meta: message.meta,
      peer: message.peer,
      principal: message.principal,
      receivedAt,
      retained: message.retained,
      packet: message.packet,
      log: this.#parts.log,
    }
  }

  /** Thousands may wait at once; one line now and then says so. */
  #tellOfWaiting(error: Unavailable): void {
    const now = this.#parts.clock.now()
    if (now - this.#toldAt < TELL_EVERY_MS) return
    this.#toldAt = now
    this.#parts.log.warn({ err: error }, 'messages wait for the store')
  }

  #answer(message: IncomingMessage, wish: TenantWish, reply: unknown): void {
    if (typeof reply !== 'object' || reply === null) return
    const address = this.#replies.addressOf(message, wish)
    if (address !== null) this.#replies.send(address, reply)
  }

  async #refuse(
    message: IncomingMessage,
    wish: TenantWish,
    refused: BelfryError,
  ): Promise<'refused'> {
    const error = refused.toBody()
    const { topic, payload, meta, peer } = message
    const at = this.#parts.clock.now()
    const { tenant } = wish
    await this.#record({ code: refused.code, error, topic, payload, meta, peer, tenant, at })
    this.#answer(message, wish, { status: 'error', error })
    return 'refused'
  }

  /** A recorder that is broken, and not only away, must not jam the connection. */
  async #record(refusal: Refusal): Promise<void> {
    try {
      await insist(() => this.#parts.onRefused(refusal), this.#insisting)
    } catch (error) {
      if (error instanceof Unavailable) throw error
      const { topic, code } = refusal
      this.#parts.log.error({ err: error, topic, code }, 'a refusal could not be recorded')
    }
  }
}

/** Those who wait together do not come back together. */
function pauseBefore(repetition: number): number {
  const ms = RETRY_MS[Math.min(repetition, RETRY_MS.length - 1)]!
  return ms / 2 + Math.random() * (ms / 2)
}

/** Looking a label up costs more than counting: each route's place is found once. */
function counterOf(metrics: Metrics | undefined): (route: string) => (seconds: number) => void {
  const places = new Map<string, (seconds: number) => void>()
  return (route) => {
    const known = places.get(route)
    if (known) return known
    const received = metrics?.received.labels({ door: 'mqtt' })
    const took = metrics?.dispatchSeconds.labels({ route })
    const count = (seconds: number) => {
      received?.inc()
      took?.observe(seconds)
    }
    places.set(route, count)
    return count
  }
}

/** What a payload says about its reply where no route reads it. */
function wishOf(payload: Buffer): ReplyWish {
  try {
    return replyWish(decodeReading(payload))
  } catch {
    return NO_WISH // What cannot be read is refused all the same.
  }
}

function noRoute(message: IncomingMessage): BelfryError {
  return new NoRoute(`No route takes the topic ${JSON.stringify(message.topic.slice(0, 256))}.`)
}

/** What outsiders are told; what was not raised on purpose is a bug, and told to us. */
function asRefusal(error: unknown, route: Route, log: Logger): BelfryError {
  const refused = asBelfryError(error)
  if (refused.code === 'internal') log.error({ err: error, route: route.pattern }, 'a route failed')
  return refused
}
