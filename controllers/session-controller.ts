import { z } from 'zod'
import type { SessionService } from '../services/sessions/session-service.ts'
import type { Context } from '../src/index.ts'
import { nullsLeftOut } from './as-written.ts'
import { safeId } from './fields.ts'
import { ownUser } from './own-user.ts'

const MOST_DRAINED = 1000

export const ConnectPayload = nullsLeftOut(
  z.object({
    session_id: safeId('session_id').nullish(),
    device_info: z.record(z.string(), z.unknown()).default({}),
  }),
)

export const SessionPayload = z.object({ session_id: safeId('session_id') })

/** As in the seed, who names no session has none to end. */
export const DisconnectPayload = z.object({ session_id: safeId('session_id').nullish() })

export const DrainPayload = nullsLeftOut(
  z.object({
    session_id: safeId('session_id'),
    max: z.int().min(1).max(MOST_DRAINED).default(100),
  }),
)

type User = { readonly user_id: string }

/** `websocket/…`: devices that hold a session by MQTT and drain its queue. */
export class SessionController {
  readonly #sessions: SessionService

  constructor(parts: { sessions: SessionService }) {
    this.#sessions = parts.sessions
  }

  /** What is unread waits in the queue of a new session: the device has no other way to see it. */
  connect = async (context: Context<User, z.output<typeof ConnectPayload>>) => {
    const user = ownUser(context)
    const { session_id: sessionId, device_info: deviceInfo } = context.payload
    const connected = await this.#sessions.connect(user, {
      sessionId: sessionId ?? undefined,
      deviceInfo,
    })
    const { session_id, resumed, pending } = connected
    if (!resumed) await this.#sessions.enqueuePending(user, session_id, pending)
    return { status: 'connected', session_id }
  }

  disconnect = async (context: Context<User, z.output<typeof DisconnectPayload>>) => {
    const user = ownUser(context)
    const { session_id: session } = context.payload
    if (session != null) await this.#sessions.disconnect(user, session)
    return { status: 'disconnected' }
  }

  heartbeat = async (context: Context<User, z.output<typeof SessionPayload>>) => {
    const user = ownUser(context)
    const expires_in = await this.#sessions.heartbeat(user, context.payload.session_id)
    return { status: 'alive', expires_in }
  }

  drain = async (context: Context<User, z.output<typeof DrainPayload>>) => {
    const user = ownUser(context)
    const { session_id: session, max } = context.payload
    return { messages: await this.#sessions.drain(user, session, max) }
  }
}
