import { randomInt } from 'node:crypto'
import type { Principal } from '../context.ts'
import { keysOfTenant } from '../store/keys.ts'
import type { Clock } from '../support/clock.ts'
import { asBelfryError, Unavailable } from '../support/errors.ts'
import type { Logger } from '../support/logger.ts'
import type { Authenticate } from './application.ts'
import { readCredential } from './credential.ts'
import { FrameLimit } from './frame-limit.ts'
import type { Gateway } from './gateway.ts'
import { Handshakes } from './handshakes.ts'
import { PusherClient } from './protocols/pusher/pusher-client.ts'
import { PUSHER_CODE } from './protocols/pusher/pusher-codes.ts'
import type { PusherApp } from './protocols/pusher/pusher-parts.ts'
import { PusherProtocol } from './protocols/pusher/pusher-protocol.ts'
import { errorText, establishedText } from './protocols/pusher/pusher-text.ts'
import { type Door, ignoreError, refuse, type Upgrade } from './upgrade.ts'

/** After so much silence clients ask whether we are there (contract §9). */
const ACTIVITY_TIMEOUT_SECONDS = 30
const OLDEST_PROTOCOL = 5
const NEWEST_PROTOCOL = 7

interface Parts {
  readonly gateway: Gateway
  /** The application with this key, always the same one; `null`: there is none. */
  readonly appOf: (key: string) => PusherApp | null | Promise<PusherApp | null>
  readonly authenticate: Authenticate
  /** The client's address, behind proxies that count. */
  readonly addressOf: (upgrade: Upgrade) => string
  readonly clock: Clock
  readonly log: Logger
  readonly compression: boolean
  /** Told of every client that was let in. */
  readonly onOpened?: () => void
}

/** Says why a client is not let in, in words of its protocol, which it hears only once inside. */
interface Turned {
  readonly code: number
  readonly message: string
}

interface Entering {
  readonly app: PusherApp
  readonly from: string
  readonly known: Principal | Turned | null
}

/** Lets clients of the Pusher protocol in: `/app/{key}`. */
export class PusherDoor {
  readonly #parts: Parts
  readonly #handshakes: Handshakes
  readonly #protocols = new WeakMap<PusherApp, PusherProtocol>()
  #count = 0

  constructor(parts: Parts) {
    this.#parts = parts
    this.#handshakes = new Handshakes(parts)
  }

  /** How many clients there are. */
  get count(): number {
    return this.#count
  }

  /** Takes upgrades to its path. */
  readonly door: Door = (upgrade) => {
    const key = /^\/app\/([^/]+)\/?$/.exec(upgrade.url.pathname)?.[1]
    if (key === undefined) return false
    upgrade.socket.on('error', ignoreError)
    this.#enter(upgrade, key).catch((error: unknown) => refuse(upgrade, error, this.#parts.log))
    return true
  }

  async #enter(upgrade: Upgrade, key: string): Promise<void> {
    const { gateway, addressOf } = this.#parts
    if (gateway.isStopping) throw new Unavailable('The server is stopping.')
    const app = await this.#parts.appOf(key)
    if (app === null) {
      return this.#turnAway(upgrade, { code: PUSHER_CODE.unknownApp, message: 'Unknown app key.' })
    }
    if (!speaksOurs(upgrade.url.searchParams.get('protocol'))) {
      const message = 'Only the protocols 5 to 7 are spoken here.'
      return this.#turnAway(upgrade, { code: PUSHER_CODE.unsupportedProtocol, message })
    }
    const from = addressOf(upgrade)
    try {
      gateway.sockets.enter(from)
    } catch (error) {
      const { message } = asBelfryError(error)
      return this.#turnAway(upgrade, { code: PUSHER_CODE.comeBack, message })
    }
    let isIn = false
    try {
      const principal = await this.#authenticate(upgrade, app)
      if (upgrade.socket.destroyed) return
      isIn = this.#accept(upgrade, { app, from, known: principal })
    } finally {
      if (!isIn) gateway.sockets.leave(from)
    }
  }

  /** Who it is, if it says so; an error is told inside. */
  async #authenticate(
    { request, url }: Upgrade,
    { application }: PusherApp,
  ): Promise<Principal | Turned | null> {
    const { authenticate } = this.#parts
    try {
      const principal = await authenticate(readCredential(request, url))
      const isOurs =
        principal === null || keysOfTenant(principal.tenant).scope === application.scope
      if (isOurs) return principal
      const message = 'This application is not that of your tenant.'
      return { code: PUSHER_CODE.unauthorized, message }
    } catch (error) {
      const { code, message } = asBelfryError(error)
      const { unauthorized, comeBack } = PUSHER_CODE
      return { code: code === 'unavailable' ? comeBack : unauthorized, message }
    }
  }

  #accept(upgrade: Upgrade, { app, from, known }: Entering): boolean {
    const { gateway } = this.#parts
    const home = this.#protocolOf(app)
    return this.#handshakes.accept(upgrade, (ws) => {
      const connection = gateway.sockets.add(ws, upgrade.socket, from)
      const client = new PusherClient({
        socketId: `${randomInt(1, 2 ** 31)}.${randomInt(1, 2 ** 31)}`,
        transport: connection,
        home,
        principal: app.nobody,
      })
      this.#count += 1
      connection.own(client)
      if (known !== null && 'code' in known) client.end(known.code, known.message)
      else void this.#greet(client, known, home)
    })
  }

  async #greet(
    client: PusherClient,
    principal: Principal | null,
    protocol: PusherProtocol,
  ): Promise<void> {
    const { log } = this.#parts
    try {
      if (principal !== null) {
        if (!(await protocol.enter(client, principal, protocol.scope))) return
      }
      client.say(establishedText(client.id, ACTIVITY_TIMEOUT_SECONDS))
      this.#parts.onOpened?.()
    } catch (error) {
      log.warn({ err: error }, 'a Pusher client could not be let in')
      client.end(PUSHER_CODE.comeBack, 'The server cannot serve you now.')
    }
  }

  #protocolOf(app: PusherApp): PusherProtocol {
    const known = this.#protocols.get(app)
    if (known !== undefined) return known
    const { gateway, clock, log } = this.#parts
    const protocol = new PusherProtocol({
      ...{ ...app, clock, log },
      channels: gateway.channels,
      bus: gateway.busOf(app.application.scope),
      hasRoomFor: (principal) => gateway.hasRoomFor(principal, undefined),
      onSignedIn: (client, { expiresAt }) => gateway.expiry.add(expiresAt, client),
      onClosed: (client) => this.#onClosed(client),
      mostChannels: gateway.limits.channels,
      limit: new FrameLimit(clock),
    })
    this.#protocols.set(app, protocol)
    return protocol
  }

  /** Without a place among our connections: heard out and closed at once. */
  #turnAway(upgrade: Upgrade, { code, message }: Turned): void {
    this.#handshakes.accept(upgrade, (ws) => {
      ws.send(errorText(code, message))
      ws.close(code, message)
    })
  }

  #onClosed(client: PusherClient): void {
    this.#count -= 1
    if (client.user !== null) {
      this.#parts.gateway.expiry.remove(client.principal?.expiresAt ?? null, client)
    }
  }
}

/** A client that does not say which protocol it speaks is taken at our word. */
function speaksOurs(version: string | null): boolean {
  if (version === null) return true
  const number = Number(version)
  return number >= OLDEST_PROTOCOL && number <= NEWEST_PROTOCOL
}
