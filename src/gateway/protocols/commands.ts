import type { Principal } from '../../context.ts'
import { Forbidden, Unauthenticated } from '../../support/errors.ts'
import type { Authenticate } from '../application.ts'
import type { Session } from '../session.ts'
import type { ClientFrame } from './native-frames.ts'

export type Answer = Readonly<Record<string, unknown>>

interface Parts {
  readonly authenticate: Authenticate
  /** Told when a client showed a newer token. */
  readonly renew: (session: Session, principal: Principal) => void
}

/** What clients with a session may ask for, whatever words their protocol has for it. */
export class Commands {
  readonly #parts: Parts

  constructor(parts: Parts) {
    this.#parts = parts
  }

  /** The fields of the result; `null`: no answer. Throws what the client is to be told. */
  async run(session: Session, frame: ClientFrame): Promise<Answer | null> {
    await session.application.admit(session.principal, frame.type)
    const { inbox, alerts } = session.application
    switch (frame.type) {
      case 'ack':
        return acknowledge(session, frame)
      case 'read':
        return { id: frame.id, unread_count: await inbox.markRead(session.user, frame.id) }
      case 'read_all':
        return { unread_count: await inbox.markAllRead(session.user) }
      case 'list':
        return inbox.list(session.user, {
          unreadOnly: frame.unread_only,
          cursor: frame.cursor ?? null,
        })
      case 'subscribe':
        return {
          channel: frame.channel,
          subscribed: true,
          ...(await session.subscribe(frame.channel, frame.recover ?? null)),
        }
      case 'unsubscribe':
        session.unsubscribe(frame.channel)
        return { channel: frame.channel, subscribed: false }
      case 'ack_alert':
        return alerts.acknowledge(frame.id, session.user, frame.note ?? null)
      case 'ping':
        return { pong: true }
      case 'pong':
        return null
      case 'auth':
        return this.#renew(session, frame.token)
    }
  }

  async #renew(session: Session, token: string): Promise<Answer> {
    const principal = await this.#parts.authenticate({ token, ticket: null, userId: null })
    if (principal === null) throw new Unauthenticated('The token does not hold.')
    if (principal.id !== session.user || principal.tenant !== session.principal.tenant) {
      throw new Forbidden('A session stays with the person who opened it.')
    }
    this.#parts.renew(session, principal)
    return { user_id: principal.id, expires_at: principal.expiresAt }
  }
}

/** Answered only where a `ref` asks for it: acknowledgements are many. */
async function acknowledge(
  { delivery }: Session,
  frame: Extract<ClientFrame, { type: 'ack' }>,
): Promise<Answer | null> {
  if (frame.up_to !== undefined) await delivery.acknowledgeUpTo(frame.up_to)
  if (frame.id !== undefined) await delivery.acknowledgeOne(frame.id)
  return frame.ref === undefined ? null : { acknowledged: frame.up_to ?? frame.id }
}
