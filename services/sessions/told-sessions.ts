import type { Tell } from '../operations/activity.ts'
import type { Connecting } from './session-record.ts'
import { type Connected, SessionService } from './session-service.ts'

type Parts = ConstructorParameters<typeof SessionService>[0] & { readonly tell: Tell }

/** What holds a session for others is no client: nobody came, and nobody left. */
const FEED = 'feed'

/** Sessions whose coming and going is told to those who watch. */
export class ToldSessions extends SessionService {
  readonly #tell: Tell
  readonly #feeds = new Set<string>()

  constructor(parts: Parts) {
    super(parts)
    this.#tell = parts.tell
  }

  override async connect(user: string, connecting: Connecting = {}): Promise<Connected> {
    const connected = await super.connect(user, connecting)
    const { session_id: id, resumed, unread_count } = connected
    const { protocol = 'mqtt' } = connecting
    if (protocol === FEED) this.#feeds.add(id)
    else {
      const what = resumed ? 'session.resumed' : 'session.connected'
      this.#tell(what, { id, user_id: user, protocol, unread_count })
    }
    return connected
  }

  /** Its socket is gone; it may come back. */
  override async detach(user: string, session: string, connection: string): Promise<boolean> {
    const isAway = await super.detach(user, session, connection)
    if (isAway) this.#tell('session.away', { id: session, user_id: user })
    return isAway
  }

  override async disconnect(user: string, session: string): Promise<void> {
    await super.disconnect(user, session)
    if (this.#feeds.delete(session)) return
    this.#tell('session.ended', { id: session, user_id: user })
  }
}
