import { Agent, errors } from 'undici'
import { type Clock, messageOf } from '../../../src/index.ts'
import { type Answered, Exchange } from './exchange.ts'
import { type Resolve, UrlGuard, UrlRefused } from './url-guard.ts'

/** A POST unless it says otherwise; its body is JSON unless the headers do. */
export interface HttpRequest {
  /** A GET has no body: what is in `body` is not sent. */
  readonly method?: 'GET' | 'POST'
  readonly url: string
  readonly body: string | Buffer
  readonly headers?: Readonly<Record<string, string>>
  /** The hosts of a vendor, where a URL may lead to no others. */
  readonly pinnedTo?: readonly string[]
  /** Whether the operator configured the URL: then it may lead anywhere. */
  readonly isTrusted?: boolean
}

/** What came of a request. No reason holds more of a URL than its host. */
export type HttpResult =
  | Answered
  /** The guard does not let it through, or it cannot be put into HTTP. */
  | { readonly kind: 'refused'; readonly reason: string }
  /** It never went out. */
  | { readonly kind: 'unreachable'; readonly reason: string }
  /** It went out at least in part, and no answer came. */
  | { readonly kind: 'lost'; readonly reason: string }

interface SenderOptions {
  readonly clock: Clock
  /** `OUTBOUND_ALLOW`. */
  readonly allow?: readonly string[]
  readonly resolve?: Resolve
  readonly connectTimeoutMs?: number
  /** How long a request may take in all. */
  readonly timeoutMs?: number
}

/** The one way out for everything that is posted to chats and webhooks: guarded, pooled, bounded. */
export class GuardedSender {
  readonly #guard: UrlGuard
  readonly #guarded: Agent
  readonly #trusted: Agent
  readonly #clock: Clock
  readonly #timeoutMs: number

  constructor(options: SenderOptions) {
    const { clock, connectTimeoutMs = 5000, timeoutMs = 15_000 } = options
    this.#clock = clock
    this.#timeoutMs = timeoutMs
    this.#guard = new UrlGuard({ ...options, connectTimeoutMs })
    // The time of a request is ours to keep: undici's own limits are further out.
    const pool = { headersTimeout: 2 * timeoutMs, bodyTimeout: 2 * timeoutMs, allowH2: false }
    this.#guarded = new Agent({ ...pool, connect: this.#guard.connect })
    this.#trusted = new Agent({ ...pool, connect: { timeout: connectTimeoutMs } })
  }

  async post(request: HttpRequest, signal: AbortSignal): Promise<HttpResult> {
    const exchange = new Exchange()
    const stop = () => exchange.abort(new Error('stopped'))
    const cancel = this.#clock.after(this.#timeoutMs, () =>
      exchange.abort(new Error(`no answer within ${this.#timeoutMs / 1000} s`)),
    )
    signal.addEventListener('abort', stop, { once: true })
    try {
      if (signal.aborted) return { kind: 'unreachable', reason: 'stopped before it was sent' }
      this.#dispatch(request, exchange)
      return resultOf(await exchange.result)
    } catch (error) {
      return { kind: 'refused', reason: messageOf(error) }
    } finally {
      cancel()
      signal.removeEventListener('abort', stop)
    }
  }

  /** Cuts every connection; calling it again does nothing. */
  async close(): Promise<void> {
    const open = [this.#guarded, this.#trusted].filter(({ destroyed }) => !destroyed)
    await Promise.all(open.map((agent) => agent.destroy()))
  }

  /** Throws `UrlRefused`, or undici's complaint about a header. */
  #dispatch(request: HttpRequest, exchange: Exchange) {
    const { method = 'POST', url: text, body, headers, pinnedTo, isTrusted } = request
    const url = isTrusted ? new URL(text) : this.#guard.admit(text, pinnedTo)
    const agent = isTrusted ? this.#trusted : this.#guarded
    const { origin, pathname, search } = url
    const path = pathname + search
    const own = { 'user-agent': 'Belfry' }
    if (method === 'GET') {
      agent.dispatch({ origin, path, method, headers: { ...own, ...headers } }, exchange)
      return
    }
    const json = { ...own, 'content-type': 'application/json', ...headers }
    agent.dispatch({ origin, path, method, body, headers: json }, exchange)
  }
}

function resultOf(result: Awaited<Exchange['result']>): HttpResult {
  if (result.kind === 'answered') return result
  const { error, wasSent } = result
  const isOurs = error instanceof UrlRefused || error instanceof errors.InvalidArgumentError
  if (isOurs) return { kind: 'refused', reason: error.message }
  return { kind: wasSent ? 'lost' : 'unreachable', reason: reasonOf(error) }
}

/** Errors of attempts on several addresses have their words in their parts. */
function reasonOf(error: Error): string {
  const [first] = error instanceof AggregateError ? (error.errors as Error[]) : []
  return messageOf(first ?? error) || (error as NodeJS.ErrnoException).code || 'no connection'
}
