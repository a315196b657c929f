import {
  type ChannelName,
  isChannelName,
  readChannelName,
} from '../../../broadcasting/channel-name.ts'
import { ownerOfChannel } from '../../../broadcasting/personal-channels.ts'
import { asBelfryError, Forbidden, InvalidPayload } from '../../../support/errors.ts'
import { assertMayJoin } from '../../channel-access.ts'
import type { Member } from '../../presence/member-records.ts'
import type { PusherClient } from './pusher-client.ts'
import { PUSHER_CODE } from './pusher-codes.ts'
import { parseMember, type SubscribeMessage } from './pusher-messages.ts'
import type { PusherParts } from './pusher-parts.ts'
import {
  cacheMissText,
  errorText,
  eventText,
  subscribedText,
  subscriptionErrorText,
} from './pusher-text.ts'

/** What is shown of one member to the others, in characters of JSON. */
const MOST_INFO = 4096

/** How Pusher clients get onto channels, and why they do not. */
export class Subscribing {
  readonly #parts: PusherParts

  constructor(parts: PusherParts) {
    this.#parts = parts
  }

  async subscribe(client: PusherClient, message: SubscribeMessage): Promise<void> {
    const name = readChannelName(message.channel)
    if (client.membership(name.full)) {
      client.say(errorText(null, `You are on the channel ${name.full} already.`))
      return
    }
    try {
      this.#assertRoom(client)
      const member = await this.#admit(client, name, message)
      await this.#join(client, name, member)
    } catch (error) {
      this.#answer(client, name, error)
    }
  }

  /** Channels without prefix that nobody in particular was refused. */
  async again(client: PusherClient): Promise<void> {
    const { refused } = client
    client.refused = []
    for (const channel of refused) await this.subscribe(client, { channel })
  }

  refuse(client: PusherClient, channel: string, why: string, status = 403): void {
    client.say(subscriptionErrorText(channel, { type: 'AuthError', error: why, status }))
  }

  /** As whom the client may join: a signature of the application counts, else its rules. */
  async #admit(
    client: PusherClient,
    name: ChannelName,
    { auth, channel_data: data }: SubscribeMessage,
  ): Promise<Member | null> {
    const { application } = this.#parts
    const isPresence = name.kind === 'presence'
    if (!isChannelName(name.full)) throw new InvalidPayload('There can be no such channel.')
    if (!auth || name.kind === 'public') {
      const info = await assertMayJoin(application, client.principal, name.full)
      const id = client.principal?.id ?? ''
      return isPresence ? { id, info: JSON.stringify(info) } : null
    }
    const credentials = await this.#parts.credentials()
    const shown = isPresence ? (data ?? null) : null
    if (!credentials.some((each) => each.verifies(auth, client.id, name.full, shown))) {
      client.say(errorText(PUSHER_CODE.unauthorized, `The signature for ${name.full} is wrong.`))
      throw new Forbidden('The signature is not of this application, socket and channel.')
    }
    const member = isPresence ? parseMember(data ?? '') : null
    if (isPresence && (member === null || member.info.length > MOST_INFO)) {
      throw new Forbidden('The channel_data must have a user_id, and a short user_info.')
    }
    return member
  }

  async #join(client: PusherClient, name: ChannelName, member: Member | null): Promise<void> {
    const { application } = this.#parts
    const place = { scope: application.scope, channel: name.full }
    const present = await client.join({ place, client, member, needsFeed: true })
    if (present === null) return
    client.say(subscribedText(name.full, member === null ? null : present))
    try {
      if (name.isCache) await this.#showLast(client, name.full)
      const owner = ownerOfChannel(name.full)
      if (owner !== null) await this.#showUnread(client, name.full, owner)
    } catch (error) {
      this.#parts.log.debug({ err: error }, 'a channel could not show what was before')
    }
  }

  async #showLast(client: PusherClient, channel: string): Promise<void> {
    const last = await this.#parts.cache.find(channel)
    if (last !== null) {
      client.say(eventText(channel, last.event, last.data))
      return
    }
    client.say(cacheMissText(channel))
    this.#parts.news?.tell({ name: 'cache_miss', channel })
  }

  /** The protocol cannot resume: whoever comes back is told to look into the inbox. */
  async #showUnread(client: PusherClient, channel: string, owner: string): Promise<void> {
    const count = await this.#parts.application.inbox.unreadCount(owner)
    client.say(eventText(channel, 'unread_count', JSON.stringify({ count })))
  }

  #answer(client: PusherClient, { full, kind }: ChannelName, error: unknown): void {
    const { status, code, message } = asBelfryError(error)
    if (code === 'internal') this.#parts.log.error({ err: error }, 'a subscription failed')
    const isGuarded = code === 'forbidden' && kind === 'public' && client.user === null
    if (isGuarded && client.refused.length < this.#parts.mostChannels) {
      client.refused = [...client.refused, full]
    }
    this.refuse(client, full, message, status)
  }

  /** Throws `RateLimitExceeded`, or `Forbidden`. */
  #assertRoom(client: PusherClient): void {
    const { limit, mostChannels } = this.#parts
    limit.admit(client.id, 'subscribe')
    if (client.channelCount < mostChannels) return
    throw new Forbidden(`A connection may be on ${mostChannels} channels at most.`)
  }
}
