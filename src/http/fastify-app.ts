import type { Socket } from 'node:net'
import fastifyCors from '@fastify/cors'
import fastifyHelmet from '@fastify/helmet'
import Fastify, {
  type FastifyInstance,
  type FastifyRequest,
  type FastifyServerOptions,
} from 'fastify'
import { InvalidPayload, NoRoute } from '../support/errors.ts'
import { uuidv7 } from '../support/ids.ts'
import { PROBLEM_TYPE } from '../support/problem.ts'
import { MAX_BODY_BYTES, readBody } from './http-body.ts'
import type { Origins } from './origins.ts'
import { problemOf } from './problem.ts'

const REQUEST_TIMEOUT_MS = 30_000
const KEEP_ALIVE_MS = 72_000
const MAX_PARAM_LENGTH = 1024
const PREFLIGHT_SECONDS = 600

/** What `TRUST_PROXY` says: nobody, everybody, so many hops, or these addresses. */
export type TrustProxy = boolean | number | readonly string[]

const CSP = {
  'default-src': ["'self'"],
  'script-src': ["'self'"],
  'style-src': ["'self'"],
  'img-src': ["'self'", 'data:'],
  'connect-src': ["'self'"],
  'object-src': ["'none'"],
  'base-uri': ["'none'"],
  'form-action': ["'self'"],
  'frame-ancestors': ["'none'"],
}

/** Swagger's page sets styles from its scripts. */
export const DOCS_CSP = {
  ...Object.fromEntries(Object.entries(CSP).map(([name, value]) => [name, value.join(' ')])),
  'style-src': "'self' 'unsafe-inline'",
}

/** A Fastify with our limits and parsers, and nothing of Fastify's own on the wire. */
export function createFastify(trustProxy: TrustProxy): FastifyInstance {
  const app = Fastify({
    logger: false,
    bodyLimit: MAX_BODY_BYTES,
    requestTimeout: REQUEST_TIMEOUT_MS,
    keepAliveTimeout: KEEP_ALIVE_MS,
    routerOptions: { maxParamLength: MAX_PARAM_LENGTH, ignoreTrailingSlash: true },
    genReqId: () => uuidv7(),
    trustProxy: trustOf(trustProxy),
    // An address that cannot be decoded; nothing of ours has run for it yet.
    frameworkErrors: (_error, _request, reply) => {
      const { status, body } = problemOf(new NoRoute('The address is not a valid one.'))
      reply.raw.writeHead(status, { 'content-type': PROBLEM_TYPE }).end(JSON.stringify(body))
    },
    clientErrorHandler: answerClientError,
  })
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (request, raw, done) => {
    done(null, readBody(raw as Buffer, request.headers['content-type'] ?? ''))
  })
  return app
}

/** Security headers on every answer, and CORS for the pages that may speak to us. */
export async function registerGuards(
  app: FastifyInstance,
  parts: { readonly origins: Origins; readonly isSecure: boolean },
): Promise<void> {
  await app.register(fastifyHelmet, {
    contentSecurityPolicy: { useDefaults: false, directives: CSP },
    hsts: parts.isSecure,
    // `no-referrer` would make the forms of our own pages send `Origin: null`.
    referrerPolicy: { policy: 'same-origin' },
  })
  const allowed = {
    methods: ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'],
    exposedHeaders: ['Idempotency-Replay', 'Retry-After', 'X-Request-Id'],
    maxAge: PREFLIGHT_SECONDS,
  }
  await app.register(fastifyCors, () => async ({ headers }: FastifyRequest) => ({
    ...allowed,
    origin: headers.origin !== undefined && parts.origins.allows(headers),
  }))
}

function trustOf(trust: TrustProxy): NonNullable<FastifyServerOptions['trustProxy']> {
  if (typeof trust === 'boolean') return trust
  if (typeof trust === 'number') return (_address: string, hop: number) => hop < trust
  return [...trust]
}

/** What is not HTTP at all never becomes a request. */
function answerClientError(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || socket.destroyed || !socket.writable) {
    socket.destroy()
    return
  }
  const { body: problem } = problemOf(new InvalidPayload('The request is not valid HTTP.'))
  const body = JSON.stringify({ ...(problem as object), status: 400 })
  socket.end(
    `HTTP/1.1 400 Bad Request\r\ncontent-type: ${PROBLEM_TYPE}\r\n` +
      `content-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
  )
}
