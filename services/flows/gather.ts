import type { Guard, Op } from '../../src/index.ts'
import type { ChannelName } from '../deliveries/channel-policy.ts'
import type { Composed } from '../notifications/composed.ts'
import type { Message, Origin } from '../notifications/notification-record.ts'
import { type Digests, eventOf } from './digests.ts'

interface Gathering {
  readonly id: string
  readonly userId: string
  readonly message: Message
  readonly origin?: Origin
  /** What its class said. */
  readonly composed?: Composed
  readonly now: number
}

/**
 * The part of a write that puts a message into what is collected, channel by
 * channel, until somebody's quiet hours are over.
 */
export async function gather(
  digests: Digests,
  { id, userId, message, origin = {}, composed, now }: Gathering,
  channels: ReadonlyMap<ChannelName, number>,
): Promise<{ readonly guards: readonly Guard[]; readonly ops: readonly Op[] }> {
  if (channels.size === 0) return { guards: [], ops: [] }
  const joined = await Promise.all(
    [...channels].map(([channel, dueAt]) => {
      const own = message.texts[channel]
      const words = { ...message, title: own?.title ?? message.title, texts: {} }
      const event = eventOf(id, { ...words, message: own?.message ?? message.message }, now)
      const collected = { ...message, channels: [channel], inInbox: false, ...COLLECTED }
      const name = ['quiet_hours', channel]
      const joining = { userId, name, dueAt, message: collected, origin, event, now }
      return digests.join(composed === undefined ? joining : { ...joining, composed })
    }),
  )
  return {
    guards: joined.flatMap(({ guards }) => guards),
    ops: joined.flatMap(({ ops }) => ops),
  }
}

/** What counts for each of the messages, and not for what is sent in their place. */
const COLLECTED = {
  ...{ template: null, texts: {}, actions: [], collapseKey: null, expiresAt: null, tags: [] },
  ...{ fallback: null, requireAck: null, digest: null, throttle: null, thread: null },
} as const
