import type { Principal } from '../../context.ts'
import { asBelfryError, Forbidden, Unauthenticated } from '../../support/errors.ts'
import type { Logger } from '../../support/logger.ts'
import type { Authenticate } from '../application.ts'
import { type Frame, TextFrame } from '../frame.ts'
import type { Outbound } from '../outbound.ts'
import type { Member } from '../presence/member-records.ts'
import type { Protocol, Welcome } from '../protocol.ts'
import type { Session } from '../session.ts'
import { type ClientFrame, parseFrame, parseJson, type Ref, refOf } from './native-frames.ts'
import { nativeText, presentText } from './native-text.ts'

type Answer = Readonly<Record<string, unknown>>

interface Parts {
  readonly authenticate: Authenticate
  /** Told when a client showed a newer token. */
  readonly onRenewed: (session: Session, principal: Principal) => void
  readonly log: Logger
}

/** The native JSON protocol of contract §5: one object per message, told apart by `type`. */
export class NativeProtocol implements Protocol<Session> {
  readonly name = 'native'
  readonly beat = json({ type: 'ping' })
  readonly isResumable = true
  readonly #parts: Parts

  constructor(parts: Parts) {
    this.#parts = parts
  }

  welcome({ session_id, resumed, unread_count, pending }: Welcome): Frame {
    return json({ type: 'connected', session_id, resumed, unread_count, pending })
  }

  present(channel: string, members: readonly Member[]): Frame {
    return new TextFrame(presentText(channel, members))
  }

  encode(message: Outbound): Frame | null {
    const text = nativeText(message)
    return text === null ? null : new TextFrame(text)
  }

  refusal(error: unknown, ref?: Ref): Frame {
    return json({ type: 'error', ...asBelfryError(error).toBody(), ref })
  }

  async receive(session: Session, text: string): Promise<void> {
    let ref: Ref
    try {
      const message = parseJson(text)
      ref = refOf(message)
      const frame = parseFrame(message)
      await session.application.admit(session.principal, frame.type)
      const answer = await this.#handle(session, frame)
      if (answer !== null) session.send(json({ type: 'result', ref, ...answer }))
    } catch (error) {
      const known = asBelfryError(error)
      if (known.code === 'internal') this.#parts.log.error({ err: error }, 'a message failed')
      session.send(this.refusal(known, ref))
    }
  }

  /** The fields of the result; `null`: no answer. */
  async #handle(session: Session, frame: ClientFrame): Promise<Answer | null> {
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
        await session.subscribe(frame.channel)
        return { channel: frame.channel, subscribed: true }
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
    session.renew(principal)
    this.#parts.onRenewed(session, principal)
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

function json(value: object): Frame {
  return new TextFrame(JSON.stringify(value))
}
