import type { AuthenticateError, Client, ConnectPacket } from 'aedes'
import type { Principal } from '../../context.ts'
import type { Clock } from '../../support/clock.ts'
import type { Logger } from '../../support/logger.ts'
import type { AccessRules } from './access-rules.ts'
import { internalsOf } from './aedes-internals.ts'
import type { BrokerStore } from './broker-store.ts'
import { type Connections, ownerName } from './connections.ts'
import type { SparingLog } from './sparing-log.ts'
import { topicFault } from './topic-filter.ts'

/** Finds out who is behind a user name and password; `null`: nobody we know. */
export type Authenticate = (
  username: string | null,
  password: string | null,
  clientId: string,
) => Promise<Principal | null>

export interface AdmissionParts {
  readonly store: BrokerStore
  readonly connections: Connections
  readonly access: AccessRules
  readonly authenticate: Authenticate
  readonly authRequired: boolean
  readonly addressOf: (client: Client) => string
  readonly clock: Clock
  readonly log: Logger
  readonly sparing: SparingLog
}

type Verdict = (error: AuthenticateError | null, success: boolean | null) => void

/** Return codes of CONNACK (MQTT 3.1.1 §3.2.2.3). */
const REJECTED = 2
const UNAVAILABLE = 3
const BAD_CREDENTIALS = 4
const NOT_AUTHORIZED = 5

const MAX_ID_LENGTH = 256
const AUTHENTICATE_MS = 10_000

/** Decides who is let in, and whose a client id is. */
export class Admission {
  readonly #parts: AdmissionParts

  constructor(parts: AdmissionParts) {
    this.#parts = parts
  }

  /** aedes' first hook: says what to do to those whose protocol it will refuse. */
  readonly greet = (
    _client: Client,
    packet: ConnectPacket,
    done: (error: Error | null, success: boolean) => void,
  ): void => {
    if (packet.protocolVersion === 5) {
      this.#parts.sparing.once(`v5 ${packet.clientId}`, () => {
        this.#parts.log.warn(
          { client: packet.clientId },
          'refused a client that asks for MQTT 5: this broker speaks 3.1.1, so set the client to ' +
            'protocol version 4 (3.1.1), or run an external broker and set MQTT_URL',
        )
      })
    }
    done(null, true)
  }

  /** aedes' hook between CONNECT and CONNACK. */
  readonly admit = (
    client: Client,
    username: string | undefined,
    password: Buffer | undefined,
    done: Verdict,
  ): void => {
    this.#admit(client, username ?? null, password?.toString('utf8') ?? null).then(
      (refusal) => {
        if (!refusal) return done(null, true)
        this.#parts.sparing.once(`${refusal.code} ${client.id}`, () => {
          this.#parts.log.warn({ client: client.id, user: username }, refusal.reason)
        })
        done(refused(refusal.code, refusal.reason), false)
      },
      (error: unknown) => {
        this.#parts.log.error({ err: error, client: client.id }, 'a client could not be let in')
        done(refused(UNAVAILABLE, 'the broker cannot decide now'), false)
      },
    )
  }

  /** Answers why a client is not let in, or `null`. */
  async #admit(client: Client, username: string | null, password: string | null) {
    if (client.id.length > MAX_ID_LENGTH || /\p{Cc}/u.test(client.id)) {
      return { code: REJECTED, reason: 'the client id is too long or holds control characters' }
    }
    const { authRequired } = this.#parts
    const principal = authRequired ? await this.#identify(username, password, client.id) : null
    if (authRequired && principal === null) {
      return password === null
        ? { code: NOT_AUTHORIZED, reason: 'no credentials: give a token or key as password' }
        : { code: BAD_CREDENTIALS, reason: 'the credentials are not valid' }
    }
    if (!this.#register(client, principal)) {
      return { code: REJECTED, reason: 'the client id belongs to somebody else' }
    }
    this.#checkWill(client, principal)
    await this.#claimSession(client, ownerName(principal))
    return null
  }

  async #identify(username: string | null, password: string | null, clientId: string) {
    const { authenticate, clock } = this.#parts
    let cancel = () => {}
    const late = new Promise<never>((_, reject) => {
      const onLate = () => reject(new Error('authentication took too long'))
      cancel = clock.after(AUTHENTICATE_MS, onLate)
    })
    try {
      return await Promise.race([authenticate(username, password, clientId), late])
    } finally {
      cancel()
    }
  }

  // Nothing is awaited in here, so that of two who come at once one is refused.
  #register(client: Client, principal: Principal | null): boolean {
    const { store, connections, access, authRequired, addressOf, clock } = this.#parts
    const owner = ownerName(principal)
    const keeper = store.sessions.ownerOf(client.id)
    if (authRequired && keeper !== null && keeper !== '' && keeper !== owner) return false
    if (client.conn.destroyed) return true
    return connections.add({
      client,
      clientId: client.id,
      principal,
      owner,
      readable: access.readableBy(principal),
      connectedAt: clock.now(),
      address: addressOf(client),
    })
  }

  /** A will is a publish like any other, so it needs the same rights. */
  #checkWill(client: Client, principal: Principal | null): void {
    const internals = internalsOf(client)
    const will = internals._will
    if (!will) return
    const fault = topicFault(will.topic) ?? this.#parts.access.mayPublish(principal, will.topic)
    if (fault !== null) {
      this.#parts.log.warn({ client: client.id, topic: will.topic }, `left out a will: ${fault}`)
      internals._will = null
      return
    }
    // Kept with it, for the case that the broker dies before the client does.
    Object.assign(will, { principal })
  }

  async #claimSession(client: Client, owner: string): Promise<void> {
    const { store, clock } = this.#parts
    if (client.clean) return
    // What was nobody's is not handed to the first who asks.
    if (owner !== '' && store.sessions.ownerOf(client.id) === '') await store.endSession(client.id)
    await store.write(() => store.sessions.claim(client.id, owner, clock.now()))
  }
}

function refused(returnCode: number, reason: string): AuthenticateError {
  return Object.assign(new Error(reason), { returnCode })
}
