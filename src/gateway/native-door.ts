import type { Principal } from '../context.ts'
import { InvalidPayload, Unavailable } from '../support/errors.ts'
import { isSafeId } from '../support/ids.ts'
import type { Logger } from '../support/logger.ts'
import type { Authenticate } from './application.ts'
import { CLOSE } from './close-codes.ts'
import type { Connection } from './connection.ts'
import { TooManyConnections } from './connection-limits.ts'
import { readCredential } from './credential.ts'
import type { Gateway } from './gateway.ts'
import { Greeting } from './greeting.ts'
import { Handshakes } from './handshakes.ts'
import { Commands } from './protocols/commands.ts'
import { NativeProtocol } from './protocols/native.ts'
import { type Door, ignoreError, refuse, type Upgrade } from './upgrade.ts'

/** How long a client may stay without saying who it is. */
const UNKNOWN_FOR_MS = 5000

interface Parts {
  readonly gateway: Gateway
  readonly authenticate: Authenticate
  /** The client's address, behind proxies that count. */
  readonly addressOf: (upgrade: Upgrade) => string
  readonly log: Logger
  /** Whether to offer permessage-deflate. */
  readonly compression: boolean
}

/** What the address of a socket asks for. */
interface Asked {
  readonly sessionId: string | undefined
  readonly acknowledges: boolean
  readonly channels: readonly string[]
  readonly pathUser: string | null
}

/** Lets native clients in: `/ws`, `/ws/user/{user_id}`, `/ws/chat/{room_id}`. */
export class NativeDoor {
  readonly #parts: Parts
  readonly #handshakes: Handshakes
  readonly #protocol: NativeProtocol
  readonly #greetings = new Set<Greeting>()

  constructor(parts: Parts) {
    this.#parts = parts
    const { gateway, authenticate, log } = parts
    const renew: Gateway['renew'] = (session, principal) => gateway.renew(session, principal)
    this.#protocol = new NativeProtocol({
      commands: new Commands({ authenticate, renew }),
      log,
    })
    this.#handshakes = new Handshakes(parts)
  }

  /** Takes upgrades to its paths. */
  readonly door: Door = (upgrade) => {
    const asked = readAddress(upgrade.url)
    if (asked === null) return false
    upgrade.socket.on('error', ignoreError)
    this.#enter(upgrade, asked).catch((error: unknown) => refuse(upgrade, error, this.#parts.log))
    return true
  }

  /** Sends away those who have not said who they are. */
  stop(): void {
    for (const greeting of this.#greetings) greeting.end(CLOSE.restarting, 'restarting')
  }

  async #enter(upgrade: Upgrade, asked: Asked): Promise<void> {
    const { gateway } = this.#parts
    if (gateway.isStopping) throw new Unavailable('The server is stopping.')
    if (asked.sessionId !== undefined && !isSafeId(asked.sessionId)) {
      throw new InvalidPayload('The session_id is not valid.')
    }
    const from = this.#parts.addressOf(upgrade)
    gateway.sockets.enter(from)
    let isIn = false
    try {
      const principal = await this.#authenticate(upgrade, asked)
      if (upgrade.socket.destroyed) return
      if (principal && !gateway.hasRoomFor(principal, asked.sessionId)) {
        throw new TooManyConnections('You have too many connections.')
      }
      isIn = this.#handshakes.accept(upgrade, (ws) => {
        const connection = gateway.sockets.add(ws, upgrade.socket, from)
        if (principal) this.#open(connection, asked, principal)
        else this.#greet(connection, asked)
      })
    } finally {
      if (!isIn) gateway.sockets.leave(from)
    }
  }

  /** Somebody whose credential cannot be looked at in time is as good as unknown. */
  async #authenticate({ request, url, socket }: Upgrade, asked: Asked): Promise<Principal | null> {
    const { gateway, authenticate } = this.#parts
    const tooLate = gateway.expiry.after(UNKNOWN_FOR_MS, () => socket.destroy())
    try {
      return assertSafe(await authenticate(readCredential(request, url, asked.pathUser)))
    } finally {
      tooLate()
    }
  }

  #open(
    connection: Connection,
    asked: Asked,
    principal: Principal,
    waiting: readonly string[] = [],
  ): void {
    void this.#parts.gateway.open({
      principal,
      protocol: this.#protocol,
      transport: connection,
      sessionId: asked.sessionId,
      acknowledges: asked.acknowledges,
      channels: asked.channels,
      hasUpTo: null,
      own: (owner) => {
        connection.own(owner)
        for (const text of waiting) owner.onText(text)
      },
    })
  }

  #greet(connection: Connection, asked: Asked): void {
    const { gateway, authenticate } = this.#parts
    const greeting = new Greeting({
      transport: connection,
      protocol: this.#protocol,
      authenticate: async (credential) => assertSafe(await authenticate(credential)),
      onKnown: (principal, waiting) => {
        this.#greetings.delete(greeting)
        cancel()
        if (gateway.hasRoomFor(principal, asked.sessionId)) {
          this.#open(connection, asked, principal, waiting)
        } else {
          connection.close(CLOSE.tooMany, 'too many connections')
        }
      },
      onClosed: () => {
        this.#greetings.delete(greeting)
        cancel()
      },
    })
    const cut = () => {
      gateway.sockets.onTrouble('unknown')
      greeting.end(CLOSE.unauthenticated, 'nobody said who is there')
    }
    const cancel = gateway.expiry.after(UNKNOWN_FOR_MS, cut)
    this.#greetings.add(greeting)
    connection.own(greeting)
  }
}

/** A user's id becomes part of keys and names. */
function assertSafe(principal: Principal | null): Principal | null {
  if (principal === null || isSafeId(principal.id)) return principal
  throw new InvalidPayload('The user id is not valid.')
}

/** `null`: not one of ours. */
function readAddress({ pathname, searchParams }: URL): Asked | null {
  const match = /^\/ws(?:\/(user|chat)\/([^/]+))?\/?$/.exec(pathname)
  if (!match) return null
  const [, kind, encoded] = match
  const id = encoded === undefined ? null : decode(encoded)
  if (encoded !== undefined && !isSafeId(id)) return null
  return {
    sessionId: searchParams.get('session_id') ?? undefined,
    acknowledges: ['1', 'true'].includes(searchParams.get('ack') ?? ''),
    channels: channelsOf(kind, id),
    pathUser: kind === 'user' ? id : null,
  }
}

/** A chat room is where its members see one another, and a plain channel for what is said there. */
function channelsOf(kind: string | undefined, id: string | null): string[] {
  if (kind === 'user') return [`user.${id}`]
  return kind === 'chat' ? [`chat.room.${id}`, `presence-chat.room.${id}`] : []
}

function decode(encoded: string): string | null {
  try {
    return decodeURIComponent(encoded)
  } catch {
    return null
  }
}
