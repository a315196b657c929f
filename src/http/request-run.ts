import { Readable } from 'node:stream'
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify'
import type { Clock } from '../support/clock.ts'
import {
  asBelfryError,
  BelfryError,
  type ErrorBody,
  InvalidPayload,
  TooLarge,
} from '../support/errors.ts'
import { uuidv7 } from '../support/ids.ts'
import type { Logger } from '../support/logger.ts'
import type { Metrics } from '../support/metrics.ts'
import { type HttpBody, MAX_BODY_BYTES, NO_BODY } from './http-body.ts'
import type { HttpContext } from './http-context.ts'
import type { HttpReply } from './http-reply.ts'
import type { HttpRoute } from './http-route.ts'
import { problemOf } from './problem.ts'

/** A request that was turned away, for those who keep a record of them. */
export interface HttpRefusal {
  readonly error: ErrorBody
  /** `PUT /api/…`. */
  readonly target: string
  readonly peer: string
  /** Of whoever asked; empty: the default one. */
  readonly tenant: string
  /** As it came, secrets in it included. */
  readonly payload: Buffer
  readonly at: number
}

interface Parts {
  readonly clock: Clock
  readonly log: Logger
  readonly metrics: Metrics
  readonly onRefused?: ((refusal: HttpRefusal) => void) | undefined
}

/** Turns Fastify's requests into contexts, and results and errors into answers. */
export class RequestRun {
  readonly #parts: Parts

  constructor(parts: Parts) {
    this.#parts = parts
  }

  async handle(route: HttpRoute, request: FastifyRequest, reply: FastifyReply) {
    if (route.method !== 'GET') this.#parts.metrics.received.inc({ door: 'http' })
    const context = this.#contextOf(route.pattern, request)
    try {
      return sendReply(reply, await route.run(context))
    } catch (error) {
      this.#record(asBelfryError(error), context)
      throw error
    }
  }

  /** The answer to anything that was thrown on the way. */
  fail(thrown: unknown, request: FastifyRequest, reply: FastifyReply) {
    const error = asBelfryError(fromFastify(thrown))
    const { log, metrics } = this.#parts
    metrics.refused.inc({ door: 'http', code: error.code })
    if (error.code === 'internal') {
      const route = request.routeOptions.url
      log.error({ err: thrown, route, request: request.id }, 'a request failed')
    }
    return sendReply(reply, problemOf(error))
  }

  /** Strangers must not be able to fill the list, nor what will come again. */
  #record(error: BelfryError, { request, target, peer, principal }: HttpContext): void {
    const isNews = principal !== null && request.method !== 'GET' && !error.retryable
    if (!isNews || error.code === 'internal') return
    const at = this.#parts.clock.now()
    const { tenant } = principal
    const { body: payload } = request
    this.#parts.onRefused?.({ error: error.toBody(), target, peer, tenant, payload, at })
  }

  #contextOf(route: string, request: FastifyRequest): HttpContext {
    const { raw, value, problem } = bodyOf(request)
    const receivedAt = this.#parts.clock.now()
    return {
      id: uuidv7(receivedAt),
      door: 'http',
      target: targetOf(request),
      route,
      params: request.params as Readonly<Record<string, string>>,
      payload: value,
      query: request.query as Readonly<Record<string, unknown>>,
      meta: metaOf(request),
      peer: request.ip,
      principal: null,
      receivedAt,
      retained: false,
      packet: null,
      log: this.#parts.log,
      request: { method: request.method, url: request.url, body: raw, problem },
    }
  }
}

/** Writes an answer: objects as JSON, everything else as it is. */
export function sendReply(reply: FastifyReply, { status, body, headers }: HttpReply) {
  void reply.code(status).headers(headers)
  if (body === undefined) return reply.send()
  const isReady = typeof body === 'string' || Buffer.isBuffer(body) || body instanceof Readable
  if (isReady) return reply.send(body)
  if (!('content-type' in headers)) void reply.type('application/json; charset=utf-8')
  return reply.send(JSON.stringify(body))
}

function bodyOf(request: FastifyRequest): HttpBody {
  return (request.body as HttpBody | undefined | null) ?? NO_BODY
}

/** Without the query, in which there may be a token. */
function targetOf({ method, url }: FastifyRequest): string {
  return `${method} ${url.split('?', 1)[0]}`
}

function metaOf({ headers }: FastifyRequest): Readonly<Record<string, string>> {
  const meta: Record<string, string> = Object.create(null)
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined) meta[name] = Array.isArray(value) ? value.join(', ') : value
  }
  return meta
}

/** Fastify's own refusals in our words. */
function fromFastify(thrown: unknown): unknown {
  if (thrown instanceof BelfryError) return thrown
  const { code, statusCode, message } = thrown as Partial<FastifyError>
  if (code === 'FST_ERR_CTP_BODY_TOO_LARGE') {
    return new TooLarge(`The body has more than ${MAX_BODY_BYTES} bytes.`)
  }
  const isOurFault = statusCode === undefined || statusCode >= 500
  return isOurFault ? thrown : new InvalidPayload(message ?? 'The request cannot be read.')
}
