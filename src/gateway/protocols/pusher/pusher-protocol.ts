import { userOfChannel } from '../../../broadcasting/channel-name.ts'
import type { Principal } from '../../../context.ts'
import { messageOf } from '../../../support/errors.ts'
import type { Membership } from '../../channels.ts'
import { type Frame, TextFrame } from '../../frame.ts'
import type { Outbound } from '../../outbound.ts'
import type { Member } from '../../presence/member-records.ts'
import type { PusherClient, PusherHome } from './pusher-client.ts'
import { PUSHER_CODE } from './pusher-codes.ts'
import {
  type PusherMessage,
  parsePusherMessage,
  parseUserData,
  type SignInMessage,
} from './pusher-messages.ts'
import type { PusherParts } from './pusher-parts.ts'
import { errorText, PONG_TEXT, pusherText, signedInText, subscribedText } from './pusher-text.ts'
import { Subscribing } from './subscribing.ts'
import { whisper } from './whisper.ts'

/** Pusher Channels protocol 7: what `pusher-js` and `laravel-echo` speak. */
export class PusherProtocol implements PusherHome {
  readonly #parts: PusherParts
  readonly #subscribing: Subscribing

  constructor(parts: PusherParts) {
    this.#parts = parts
    this.#subscribing = new Subscribing(parts)
  }

  get scope(): string {
    return this.#parts.application.scope
  }

  encode(message: Outbound): Frame | null {
    const text = pusherText(message)
    return text === null ? null : new TextFrame(text)
  }

  async handle(client: PusherClient, text: string): Promise<void> {
    let message: PusherMessage
    try {
      message = parsePusherMessage(text)
    } catch (error) {
      const { log } = this.#parts
      log.debug({ reason: messageOf(error) }, 'a Pusher message could not be read')
      client.say(errorText(null, 'The message is not one of the Pusher protocol.'))
      return
    }
    try {
      await this.#follow(client, message)
    } catch (error) {
      this.#parts.log.warn({ err: error }, 'a Pusher message could not be handled')
      client.say(errorText(null, 'The server failed to handle this message.'))
    }
  }

  join(membership: Membership, { transport }: PusherClient): Promise<readonly Member[] | null> {
    const { channels } = this.#parts
    return channels.join({ ...membership, isOpen: () => transport.isOpen })
  }

  leave(membership: Membership): void {
    this.#parts.channels.leave(membership)
  }

  closed(client: PusherClient): void {
    this.#parts.onClosed(client)
  }

  async #follow(client: PusherClient, message: PusherMessage): Promise<void> {
    switch (message.kind) {
      case 'ping':
        client.say(PONG_TEXT)
        break
      case 'pong':
        break
      case 'subscribe':
        await this.#subscribe(client, message)
        break
      case 'unsubscribe':
        if (userOfChannel(message.channel) === null) client.leave(message.channel)
        break
      case 'signin':
        await this.#signIn(client, message.data)
        break
      case 'client-event':
        whisper(this.#parts, client, message)
    }
  }

  async #subscribe(
    client: PusherClient,
    { data }: Extract<PusherMessage, { kind: 'subscribe' }>,
  ): Promise<void> {
    const user = userOfChannel(data.channel)
    if (user === null) await this.#subscribing.subscribe(client, data)
    // The one channel that comes by itself: clients ask for it all the same.
    else if (user === client.user) client.say(subscribedText(data.channel, null))
    else this.#subscribing.refuse(client, data.channel, 'Sign in first.')
  }

  /** A signature that does not hold ends the connection, as Pusher does. */
  async #signIn(client: PusherClient, { auth, user_data: userData }: SignInMessage): Promise<void> {
    const { identify, application } = this.#parts
    const claims = parseUserData(userData)
    const credentials = await this.#parts.credentials()
    const holds = credentials.some((each) => each.verifiesUser(auth, client.id, userData))
    if (claims === null || !holds || (client.user !== null && client.user !== claims.id)) {
      client.end(PUSHER_CODE.unauthorized, 'The sign-in is not signed for this connection.')
      return
    }
    if (client.user === null) {
      const principal = await identify(claims.id, claims)
      if (!(await this.enter(client, principal, application.scope))) return
    }
    client.say(signedInText(userData))
    await this.#subscribing.again(client)
  }

  /** Somebody is known; `false`: he has too many connections, or has gone: this one is closed. */
  async enter(client: PusherClient, principal: Principal, scope: string): Promise<boolean> {
    const { hasRoomFor, onSignedIn } = this.#parts
    if (!hasRoomFor(principal)) {
      client.end(PUSHER_CODE.overQuota, 'You have too many connections.')
      return false
    }
    await client.signIn(principal.id, principal, scope)
    if (!client.transport.isOpen) return false
    onSignedIn(client, principal)
    return true
  }
}
