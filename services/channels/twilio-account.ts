import { AsyncLocalStorage } from 'node:async_hooks'
import type { RequestClient, Twilio } from 'twilio'
import type { Clock } from '../../src/index.ts'
import type { Answered } from './http/exchange.ts'
import type { GuardedSender } from './http/guarded-sender.ts'
import { jsonOf, retryAfterOf, wordOf } from './http/http-outcome.ts'

/** Twilio answered, and did not do what it was asked. */
export class TwilioRefusal extends Error {
  readonly status: number
  /** Twilio's own number for what is wrong; `null` where a gateway answered in its place. */
  readonly code: number | null
  readonly retryAfterMs: number | null

  constructor(answer: Answered, now: number) {
    const { code, message } = jsonOf(answer)
    const number = typeof code === 'number' ? code : null
    const words = wordOf(message) ?? 'no reason given'
    super(`answered ${answer.status}${number === null ? '' : ` (${number})`}: ${words}`)
    this.status = answer.status
    this.code = number
    this.retryAfterMs = retryAfterOf(answer, now)
  }
}

/** No answer came; whether the request had gone out decides what that means. */
export class TwilioSilence extends Error {
  readonly wasSent: boolean

  constructor(reason: string, wasSent: boolean) {
    super(reason)
    this.wasSent = wasSent
  }
}

interface Parts {
  readonly accountSid: string
  readonly authToken: string
  /** Another base URL; `null`: Twilio's own. */
  readonly apiUrl: string | null
  readonly sender: Pick<GuardedSender, 'post' | 'close'>
  readonly clock: Clock
}

/**
 * An account at Twilio: its own client, loaded when it is first needed, over our
 * connections, which tell a request that never went out from one whose answer
 * was lost, and show `Retry-After`.
 */
export class TwilioAccount {
  readonly #parts: Parts
  readonly #signals = new AsyncLocalStorage<AbortSignal>()
  #client: Promise<Twilio> | null = null

  constructor(parts: Parts) {
    this.#parts = parts
  }

  /** Runs one request; rejects with `TwilioRefusal` or `TwilioSilence`. */
  async ask<Result>(
    request: (client: Twilio) => Promise<Result>,
    signal: AbortSignal,
  ): Promise<Result> {
    this.#client ??= this.#open()
    const client = await this.#client
    return this.#signals.run(signal, () => request(client))
  }

  async close(): Promise<void> {
    await this.#parts.sender.close()
  }

  async #open(): Promise<Twilio> {
    const { default: twilio } = await import('twilio')
    const { accountSid, authToken } = this.#parts
    const httpClient = { request: (options: Options) => this.#request(options) }
    return twilio(accountSid, authToken, { httpClient: httpClient as unknown as RequestClient })
  }

  async #request({ uri, username = '', password = '', headers, data }: Options) {
    const { sender, clock, apiUrl } = this.#parts
    const { pathname, search } = new URL(uri)
    const url = apiUrl === null ? uri : `${apiUrl}${pathname}${search}`
    const login = Buffer.from(`${username}:${password}`).toString('base64')
    const signal = this.#signals.getStore() ?? new AbortController().signal
    const result = await sender.post(
      {
        url,
        body: formOf(data),
        headers: {
          accept: 'application/json',
          'user-agent': String(headers?.['User-Agent'] ?? 'Belfry'),
          'content-type': 'application/x-www-form-urlencoded',
          authorization: `Basic ${login}`,
        },
        isTrusted: true,
      },
      signal,
    )
    if (result.kind !== 'answered') {
      throw new TwilioSilence(result.reason, result.kind === 'lost')
    }
    if (result.status >= 300) throw new TwilioRefusal(result, clock.now())
    const isTwilios = Object.keys(jsonOf(result)).length > 0
    if (!isTwilios && result.isComplete) {
      throw new TwilioSilence(`answered ${result.status} without saying whether`, true)
    }
    // What was taken was taken, even when the rest of the answer is lost.
    const body = isTwilios ? result.body : '{}'
    return { statusCode: result.status, headers: result.headers, body }
  }
}

/** What Twilio's client asks of its HTTP client; it only ever posts for us. */
interface Options {
  readonly uri: string
  readonly username?: string
  readonly password?: string
  readonly headers?: Readonly<Record<string, unknown>>
  readonly data?: Readonly<Record<string, unknown>>
}

function formOf(data: Readonly<Record<string, unknown>> | undefined): string {
  const form = new URLSearchParams()
  for (const [name, value] of Object.entries(data ?? {})) {
    for (const each of [value].flat()) if (each !== undefined) form.append(name, String(each))
  }
  return form.toString()
}
