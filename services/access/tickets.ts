import { randomBytes } from 'node:crypto'
import {
  type Clock,
  type Keys,
  type Principal,
  type Store,
  Unauthenticated,
} from '../../src/index.ts'
import { fingerprint } from './credential-cache.ts'

const PARTITION = 0
const TICKET_MS = 30_000
/** As long as a session waits for its client. */
const RETURN_MS = 3_600_000

/** A ticket as it is handed out. */
export interface Ticket {
  readonly ticket: string
  readonly expires_in: number
}

/**
 * One-time tickets for clients that cannot send a header (`EventSource`, a
 * WebSocket in a browser): in an address, which ends up in logs, they are worth
 * nothing once used, or after 30 seconds.
 */
export class Tickets {
  readonly #store: Store
  readonly #keys: Keys
  readonly #clock: Clock

  /** `keys` of the default tenant: a ticket says itself which tenant it is of. */
  constructor(parts: { readonly store: Store; readonly keys: Keys; readonly clock: Clock }) {
    this.#store = parts.store
    this.#keys = parts.keys
    this.#clock = parts.clock
  }

  async issue(principal: Principal): Promise<Ticket> {
    const ticket = randomBytes(24).toString('base64url')
    const value = JSON.stringify(principal)
    await this.#store.commit({
      partition: PARTITION,
      ops: [['set', this.#keys.ticket(fingerprint(ticket)), value, TICKET_MS]],
    })
    return { ticket, expires_in: TICKET_MS / 1000 }
  }

  /**
   * Whom the ticket was given to; with `session`, also when it was used for just
   * that session before. Throws `Unauthenticated` when it was used, or is too old.
   */
  async redeem(ticket: string, session: string | null = null): Promise<Principal> {
    const key = this.#keys.ticket(fingerprint(ticket))
    const value = await this.#store.get(PARTITION, key)
    if (value !== null && (await this.#take(key, value))) return this.#principal(value)
    const returning = session === null ? null : await this.#kept(ticket, session)
    if (returning === null) throw new Unauthenticated('The ticket was used, or is too old.')
    return this.#principal(returning)
  }

  /**
   * From now on the ticket is good for coming back to this session, for an hour at
   * a time: `EventSource` asks for the same address again, and shows a cursor that
   * nobody else knows.
   */
  async keep(ticket: string, session: string, principal: Principal): Promise<void> {
    await this.#store.commit({
      partition: PARTITION,
      ops: [['set', this.#returnKey(ticket, session), JSON.stringify(principal), RETURN_MS]],
    })
  }

  #kept(ticket: string, session: string): Promise<string | null> {
    return this.#store.get(PARTITION, this.#returnKey(ticket, session))
  }

  #returnKey(ticket: string, session: string): string {
    return this.#keys.ticket(fingerprint(`${ticket} ${session}`))
  }

  #principal(value: string): Principal {
    const principal = JSON.parse(value) as Principal
    if (principal.expiresAt !== null && principal.expiresAt <= this.#clock.now()) {
      throw new Unauthenticated('The token that the ticket stands for has expired.')
    }
    return principal
  }

  /** Two who show the same ticket at the same time: one gets in. */
  async #take(key: string, value: string): Promise<boolean> {
    const outcome = await this.#store.commit({
      partition: PARTITION,
      guards: [['expect', key, value]],
      ops: [['del', key]],
    })
    return outcome.applied
  }
}
