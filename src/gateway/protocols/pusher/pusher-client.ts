import { userChannel } from '../../../broadcasting/channel-name.ts'
import type { Principal } from '../../../context.ts'
import type { Membership } from '../../channels.ts'
import type { Described } from '../../client-info.ts'
import { EventRate } from '../../event-rate.ts'
import type { Expiring } from '../../expiry.ts'
import { TextFrame } from '../../frame.ts'
import type { Receiver } from '../../hub.ts'
import { hear, type Listening } from '../../inbound.ts'
import type { Encoder, Outbound } from '../../outbound.ts'
import type { Member } from '../../presence/member-records.ts'
import type { Transport, TransportOwner } from '../../transport.ts'
import { PUSHER_CODE } from './pusher-codes.ts'
import { errorText } from './pusher-text.ts'

const NONE: readonly Membership[] = []

/** What all Pusher clients of a process have in common: the words, and what they do. */
export interface PusherHome extends Encoder {
  /** The tenant that its application is of. */
  readonly scope: string
  handle(client: PusherClient, text: string): Promise<void>
  /** Puts the client onto a channel; `null` when it has gone meanwhile. */
  join(membership: Membership, client: PusherClient): Promise<readonly Member[] | null>
  leave(membership: Membership): void
  closed(client: PusherClient): void
}

interface Parts {
  /** What others exclude it by: `<n>.<n>`, unique in the fleet. */
  readonly socketId: string
  readonly transport: Transport
  readonly home: PusherHome
  /** By whose rights it may join channels that nobody signed for; `null`: nobody's. */
  readonly principal: Principal | null
}

/** One socket of the Pusher protocol: it belongs to nobody until somebody signs in. */
export class PusherClient implements Receiver<Outbound>, TransportOwner, Listening, Expiring {
  readonly id: string
  readonly transport: Transport
  readonly #home: PusherHome
  #principal: Principal | null
  #user: string | null = null
  #memberships = NONE
  /** Guarded channels without prefix, which it may get once somebody signs in. */
  refused: readonly string[] = []
  #rate: EventRate | null = null
  waiting: string[] | null = null

  constructor({ socketId, transport, home, principal }: Parts) {
    this.id = socketId
    this.transport = transport
    this.#home = home
    this.#principal = principal
  }

  get isReady(): boolean {
    return true
  }

  get principal(): Principal | null {
    return this.#principal
  }

  /** Who has signed in; `null`: nobody. */
  get user(): string | null {
    return this.#user
  }

  get channelCount(): number {
    return this.#memberships.length
  }

  membership(channel: string): Membership | undefined {
    return this.#memberships.find(({ place }) => place.channel === channel)
  }

  /** From now on it is this user's; he hears what only he is told. */
  async signIn(user: string, principal: Principal, scope: string): Promise<void> {
    this.#user = user
    this.#principal = principal
    const place = { scope, channel: userChannel(user) }
    await this.join({ place, client: this, member: null, needsFeed: true })
  }

  /** Answers with who is there; `null` when the client has gone meanwhile. */
  async join(membership: Membership): Promise<readonly Member[] | null> {
    this.#memberships = this.#memberships.concat(membership)
    try {
      return await this.#home.join(membership, this)
    } catch (error) {
      this.#forget(membership)
      throw error
    }
  }

  leave(channel: string): void {
    this.refused = this.refused.filter((each) => each !== channel)
    const membership = this.membership(channel)
    if (!membership) return
    this.#forget(membership)
    this.#home.leave(membership)
  }

  mayWhisper(now: number): boolean {
    this.#rate ??= new EventRate()
    return this.#rate.allows(now)
  }

  say(text: string): void {
    this.transport.send(new TextFrame(text))
  }

  /** Says why, and closes. */
  end(code: number, message: string): void {
    this.say(errorText(code, message))
    this.transport.close(code, message)
  }

  receive(message: Outbound): void {
    if (message.content.kind === 'end') {
      this.onDismissed()
      return
    }
    const frame = message.frame(this.#home)
    if (frame !== null) this.transport.send(frame)
  }

  handle(text: string): Promise<void> {
    return this.#home.handle(this, text)
  }

  onText(text: string): void {
    hear(this, text)
  }

  onBinary(): void {
    this.say(errorText(null, 'Messages are JSON text.'))
  }

  describe(): Described {
    const channels = this.#memberships.map(({ place }) => place.channel)
    const { scope } = this.#home
    return { id: this.id, protocol: 'pusher', scope, user: this.#user, channels }
  }

  /** Comes back unknown, and may sign in again. */
  onExpired(): void {
    this.end(PUSHER_CODE.comeBack, 'The credential has expired.')
  }

  onDismissed(): void {
    this.end(PUSHER_CODE.unauthorized, 'You were disconnected by the application')
  }

  onBeat(): void {}

  onPong(): void {}

  onClosed(): void {
    for (const membership of this.#memberships) this.#home.leave(membership)
    this.#memberships = NONE
    this.waiting = null
    this.#home.closed(this)
  }

  #forget(membership: Membership): void {
    this.#memberships = this.#memberships.filter((each) => each !== membership)
  }
}
