import { createHash, randomUUID } from 'node:crypto'
import {
  asBelfryError,
  BelfryError,
  Conflict,
  type Context,
  type ErrorBody,
  type ErrorCode,
  HttpReply,
  IdempotencyMismatch,
  InvalidPayload,
  Keys,
  type Logger,
  partitionOf,
  type RouteMiddleware,
  type Store,
} from '../src/index.ts'

const LOCK_MS = 60_000
const KEPT_MS = 86_400_000
const KEY = /^[\x21-\x7e]{1,255}$/
const REPLAY = { 'idempotency-replay': 'true' }

/** What a repetition would be told too; everything else may end otherwise next time. */
const FINAL: ReadonlySet<ErrorCode> = new Set([
  ...(['not_found', 'conflict', 'already_resolved', 'idempotency_mismatch'] as const),
  ...(['filtered', 'expired'] as const),
])

type Stored =
  | { readonly state: 'in_progress'; readonly digest: string; readonly by: string }
  | {
      readonly state: 'done'
      readonly digest: string
      readonly status: number
      readonly body: unknown
      readonly headers: Readonly<Record<string, string>>
    }
  | {
      readonly state: 'refused'
      readonly digest: string
      readonly status: number
      readonly error: ErrorBody
    }

/** The same key is being worked on; `retryAfter` in seconds. */
export class InProgress extends Conflict {
  override readonly retryable = true
  readonly retryAfter = 1
}

/** A refusal told a second time. */
class ReplayedError extends BelfryError {
  readonly code: ErrorCode
  override readonly status: number
  readonly headers = REPLAY
  readonly #body: ErrorBody

  constructor(stored: { readonly status: number; readonly error: ErrorBody }) {
    super(stored.error.message)
    this.code = stored.error.code
    this.status = stored.status
    this.#body = stored.error
  }

  override toBody(): ErrorBody {
    return this.#body
  }
}

/**
 * `Idempotency-Key` on HTTP writes, per caller and path: what was answered is
 * answered again for 24 hours, with `Idempotency-Replay: true`; another body is
 * an `IdempotencyMismatch`, and while the first call is at work a `Conflict`
 * with `Retry-After: 1`. After a crash the lock ends within a minute; that the
 * effect does not happen twice then is the work of the services, to which the
 * key is handed on.
 */
export function idempotency({ store }: { readonly store: Store }): RouteMiddleware {
  return async function idempotency(context, next) {
    const given = context.meta['idempotency-key']
    if (context.door !== 'http' || given === undefined || isReading(context)) return next()
    const call = new IdempotentCall(store, context, given)
    const before = await call.begin()
    if (before !== null) return before
    try {
      const reply = await next()
      await call.end(reply)
      return reply
    } catch (error) {
      await call.fail(asBelfryError(error))
      throw error
    }
  }
}

/** One request with a key, from the lock to the answer that is kept. */
class IdempotentCall {
  readonly #store: Store
  readonly #key: string
  readonly #partition: number
  readonly #digest: string
  readonly #lock: string
  readonly #log: Logger

  constructor(store: Store, context: Context, given: string) {
    if (!KEY.test(given)) {
      throw new InvalidPayload('Idempotency-Key has 1 to 255 visible ASCII characters.')
    }
    const { principal, target, query, payload, meta } = context
    const caller = principal === null ? '' : `${principal.via}:${principal.id}`
    const name = hash(caller, given)
    this.#store = store
    this.#log = context.log
    this.#key = new Keys(principal?.tenant).idempotency(`http:${target}`, name)
    this.#partition = partitionOf(this.#key, store.partitions)
    this.#digest = hash(JSON.stringify(query), JSON.stringify(payload) ?? '')
    this.#lock = encode({ state: 'in_progress', digest: this.#digest, by: randomUUID() })
    // Services read it as the user property of this name, and mark their one write with it.
    Object.assign(meta, { idempotency_key: name })
  }

  /** `null`: ours to do. Otherwise what was answered before. */
  async begin(): Promise<HttpReply | null> {
    const outcome = await this.#store.commit({
      partition: this.#partition,
      guards: [['once', this.#key, this.#lock, LOCK_MS]],
      ops: [],
    })
    if (outcome.applied) return null
    const stored = JSON.parse(outcome.value ?? this.#lock) as Stored
    if (stored.digest !== this.#digest) {
      throw new IdempotencyMismatch('The Idempotency-Key was used with another body.')
    }
    if (stored.state === 'in_progress') {
      throw new InProgress('A request with this Idempotency-Key is being worked on.')
    }
    if (stored.state === 'refused') throw new ReplayedError(stored)
    return new HttpReply(stored.status, stored.body, stored.headers).with(REPLAY)
  }

  async end(reply: unknown): Promise<void> {
    const { status, body, headers } = reply instanceof HttpReply ? reply : new HttpReply(200, reply)
    await this.#keep({ state: 'done', digest: this.#digest, status, body, headers })
  }

  async fail(error: BelfryError): Promise<void> {
    if (FINAL.has(error.code)) {
      const { status } = error
      await this.#keep({ state: 'refused', digest: this.#digest, status, error: error.toBody() })
      return
    }
    await this.#replace([['del', this.#key]])
  }

  #keep(stored: Stored): Promise<void> {
    return this.#replace([['set', this.#key, encode(stored), KEPT_MS]])
  }

  /** Only while the lock is ours: it may have ended, and somebody else be at work. */
  async #replace(ops: Parameters<Store['commit']>[0]['ops']): Promise<void> {
    try {
      await this.#store.commit({
        partition: this.#partition,
        guards: [['expect', this.#key, this.#lock]],
        ops,
      })
    } catch (error) {
      // The effect has happened or not, whatever becomes of this note; the lock ends by itself.
      this.#log.warn({ err: error }, 'the answer to a request with a key could not be kept')
    }
  }
}

function isReading({ target }: Context): boolean {
  return /^(GET|HEAD|OPTIONS) /.test(target)
}

function encode(stored: Stored): string {
  return JSON.stringify(stored)
}

function hash(...words: readonly string[]): string {
  return createHash('sha256').update(words.join('\0')).digest('base64url')
}
