import { randomUUID } from 'node:crypto'
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http'
import type { Principal } from '../context.ts'
import { asBelfryError, Forbidden, Unauthenticated, Unavailable } from '../support/errors.ts'
import { isSafeId } from '../support/ids.ts'
import type { Logger } from '../support/logger.ts'
import { PROBLEM_TYPE, problemBody } from '../support/problem.ts'
import type { Application, Authenticate } from './application.ts'
import { assertMayJoin } from './channel-access.ts'
import { type ChannelHistory, ownerOfHistory } from './channel-history.ts'
import { TooManyConnections } from './connection-limits.ts'
import { readCredential } from './credential.ts'
import { EventStream, STREAM_HEADERS } from './event-stream.ts'
import type { Gateway } from './gateway.ts'
import type { Places } from './position.ts'
import { type Cursor, parseCursor, SseProtocol } from './protocols/sse.ts'
import { isUnbroken } from './resumption.ts'

const LATER_MS = 5000

interface Parts {
  readonly gateway: Gateway
  /** The application of one tenant. */
  readonly applicationOf: (tenant: string) => Application
  readonly authenticate: Authenticate
  /** Who comes without a credential; `null`: nobody may. */
  readonly nobody: Principal | null
  /** A ticket was used for this session: with the session's cursor it is good for coming back. */
  readonly keepTicket: (ticket: string, session: string, principal: Principal) => Promise<void>
  readonly allowsOrigin: (headers: IncomingHttpHeaders) => boolean
  /** The client's address, behind proxies that count. */
  readonly addressOf: (request: IncomingMessage) => string
  readonly log: Logger
}

/** What a client asks for. */
interface Asked {
  readonly channels: readonly string[]
  readonly cursor: Cursor | null
  readonly ticket: string | null
}

/** What is known of a stream before it is opened. */
interface Prepared {
  readonly epoch: string
  readonly cursor: Cursor | null
  readonly channels: readonly string[]
  /** Where the client stands on those with a history. */
  readonly places: Places
  /** Why something is missing for good; `null`: nothing is known to be. */
  readonly gap: Readonly<Record<string, unknown>> | null
}

/** Lets event streams in: `/sse?channels=…`; a user's own notifications come without asking. */
export class SseDoor {
  readonly #parts: Parts

  constructor(parts: Parts) {
    this.#parts = parts
  }

  /** Answers a request for a stream. */
  readonly handle = (request: IncomingMessage, response: ServerResponse): void => {
    this.#enter(request, response).catch((error: unknown) => {
      this.#refuse(response, error)
    })
  }

  async #enter(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { gateway, allowsOrigin, addressOf } = this.#parts
    if (gateway.isStopping) throw new Unavailable('The server is stopping.')
    if (!allowsOrigin(request.headers)) throw new Forbidden('Pages of this origin may not listen.')
    if (request.method === 'HEAD') {
      // There is no stream without a body.
      response.writeHead(200, STREAM_HEADERS).end()
      return
    }
    const from = addressOf(request)
    gateway.sockets.enter(from)
    let isIn = false
    try {
      const url = new URL(request.url ?? '/', 'http://localhost')
      const asked = readQuestion(request, url)
      const principal = await this.#identify(request, url, asked)
      await this.#assertMayListen(principal, asked)
      const opening = await this.#prepare(principal, asked)
      if (response.destroyed) return
      isIn = true
      this.#open({ request, response, from }, principal, opening)
    } finally {
      if (!isIn) gateway.sockets.leave(from)
    }
  }

  async #identify(request: IncomingMessage, url: URL, asked: Asked): Promise<Principal> {
    const { authenticate, nobody } = this.#parts
    // Only the header is as good as a secret: addresses are written to logs.
    const isFromHeader = request.headers['last-event-id'] !== undefined
    const session = isFromHeader ? (asked.cursor?.epoch ?? null) : null
    const credential = { ...readCredential(request, url), session }
    const principal = (await authenticate(credential)) ?? nobody
    if (principal === null) {
      throw new Unauthenticated('Show a token, or a ticket of POST /api/realtime/tickets.')
    }
    if (!isSafeId(principal.id)) throw new Forbidden('The user id is not valid.')
    return principal
  }

  /** Throws `Forbidden`, `InvalidPayload` or `TooManyConnections`. */
  async #assertMayListen(principal: Principal, { channels, cursor }: Asked): Promise<void> {
    const { gateway, applicationOf } = this.#parts
    const application = applicationOf(principal.tenant)
    if (channels.length > gateway.limits.channels) {
      throw new Forbidden(`A stream may be on ${gateway.limits.channels} channels at most.`)
    }
    for (const channel of channels) await assertMayJoin(application, principal, channel)
    if (!gateway.hasRoomFor(principal, cursor?.epoch)) {
      throw new TooManyConnections('You have too many connections.')
    }
  }

  async #prepare(principal: Principal, { channels, cursor, ticket }: Asked): Promise<Prepared> {
    const { gateway, applicationOf, keepTicket } = this.#parts
    const { scope, sessions } = applicationOf(principal.tenant)
    const history = gateway.historyOf(scope)
    const epoch = cursor?.epoch ?? randomUUID()
    if (ticket !== null) await keepTicket(ticket, epoch, principal)
    const places = await this.#placesOn(channels, cursor, history)
    if (cursor === null) return { epoch, cursor, channels, places, gap: null }
    const { offset } = cursor
    const asked = { user: principal.id, session: epoch, offset }
    const isWhole = await isUnbroken(sessions, asked)
    const gap = isWhole ? await this.#gapOn(channels, cursor, history) : { reason: 'too_many' }
    return { epoch, cursor, channels, places, gap }
  }

  /** On channels with a history: where the client says, else where they end. */
  async #placesOn(channels: readonly string[], cursor: Cursor | null, history: ChannelHistory) {
    const kept = channels.filter((channel) => ownerOfHistory(channel) !== null)
    const places = kept.map(
      async (channel) =>
        [channel, cursor?.places.get(channel) ?? (await history.end(channel))] as const,
    )
    return new Map(await Promise.all(places))
  }

  /** Channels of which the client may have missed something for good; `null`: none. */
  async #gapOn(
    channels: readonly string[],
    cursor: Cursor,
    history: ChannelHistory,
  ): Promise<Prepared['gap']> {
    const isHeld = await Promise.all(
      channels.map(async (channel) => {
        const place = ownerOfHistory(channel) === null ? undefined : cursor.places.get(channel)
        return place !== undefined && history.holds(channel, place)
      }),
    )
    const lost = channels.filter((_, index) => !isHeld[index])
    return lost.length === 0 ? null : { reason: 'not_kept', channels: lost }
  }

  #open(
    on: { request: IncomingMessage; response: ServerResponse; from: string },
    principal: Principal,
    { epoch, cursor, channels, places, gap }: Prepared,
  ): void {
    const { gateway } = this.#parts
    const stream = new EventStream({ ...on, sockets: gateway.sockets })
    gateway.sockets.hold(stream)
    void gateway.open({
      principal,
      protocol: new SseProtocol({ epoch, cursor, places, gap }),
      transport: stream,
      sessionId: epoch,
      acknowledges: false,
      channels,
      places,
      hasUpTo: cursor?.offset ?? null,
      own: (owner) => stream.own(owner),
    })
  }

  #refuse(response: ServerResponse, error: unknown): void {
    const known = asBelfryError(error)
    if (known.code === 'internal') this.#parts.log.error({ err: error }, 'a stream failed')
    if (response.headersSent) {
      response.destroy()
      return
    }
    // Whoever is told so by its status, a browser does not come back any more.
    if (known.code === 'unavailable') {
      sayLater(response)
      return
    }
    response.writeHead(known.status, { 'content-type': PROBLEM_TYPE })
    response.end(JSON.stringify(problemBody(known)))
  }
}

function sayLater(response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' })
  response.end(`retry: ${LATER_MS}\n\nevent: end\ndata: {"code":4100,"reason":"unavailable"}\n\n`)
}

/** The cursor is a header that browsers send by themselves, or part of the address. */
function readQuestion({ headers }: IncomingMessage, { searchParams: query }: URL): Asked {
  const shown = headers['last-event-id'] ?? query.get('last_event_id') ?? ''
  const names = query.getAll('channels').flatMap((names) => names.split(','))
  return {
    channels: [...new Set(names.map((name) => name.trim()).filter((name) => name !== ''))],
    cursor: parseCursor(String(shown)),
    ticket: query.get('ticket'),
  }
}
