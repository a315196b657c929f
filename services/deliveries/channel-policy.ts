import { PRIORITIES, type Priority } from '../../src/index.ts'
import { type Subject, wants } from '../directory/preferences.ts'
import type { Recipient, UserRecord } from '../directory/user-record.ts'

/** The ways of delivery that a message may name (contract §1), the inbox aside. */
export const CHANNELS = [
  'realtime',
  'email',
  'sms',
  'voice',
  'push',
  'slack',
  'discord',
  'webhook',
  'mqtt',
] as const

/** Those that the application of this process has added: whoever names one gets it. */
export const ownChannels = new Set<string>()

export type ChannelName = (typeof CHANNELS)[number]

/** What a condition that does not hold is named after. */
export const UNMET = 'condition: '

/** Why a channel was left out; the word is part of the notification's trace. */
export type SkipReason =
  | 'preference'
  | 'priority'
  | 'no_address'
  | 'not_chosen'
  | 'quiet_hours'
  | 'digest'
  // What its event type says of the channel does not hold.
  | `${typeof UNMET}${string}`
  // A notification's own class, or a listener, did not want it; or it could not be rendered.
  | 'should_send'
  | `vetoed by listener ${string}`
  | 'render_failed'

/** From which priority on a channel is used when the message names none (seed S1-033…036). */
const FROM_PRIORITY: Partial<Record<ChannelName, Priority>> = {
  realtime: 'low',
  push: 'low',
  email: 'high',
  sms: 'critical',
}

export interface ChannelChoice {
  readonly channels: readonly ChannelName[]
  readonly skipped: Readonly<Partial<Record<ChannelName, SkipReason>>>
}

export interface Wish {
  readonly subject: Subject
  readonly priority: Priority
  /** Beats the priority gate, never an opt-out (contract §9). */
  readonly channels: readonly ChannelName[] | null
  /** Alerts and events marked critical override preferences; ordinary messages never do. */
  readonly overridesPreferences?: boolean
  /** Channels that the message's type keeps it from, and the condition of each. */
  readonly unmet?: Readonly<Partial<Record<ChannelName | 'database', string>>>
  /** Where the recipient himself says that channels reach him; else his profile says it. */
  readonly addresses?: Readonly<Record<string, readonly string[]>>
}

/** Which channels a message takes to one recipient, and why not the others. */
export function chooseChannels(recipient: Recipient, wish: Wish): ChannelChoice {
  const channels: ChannelName[] = []
  const skipped: Partial<Record<ChannelName, SkipReason>> = {}
  for (const channel of channelsOf(wish)) {
    const reason = reasonAgainst(channel, recipient, wish)
    if (reason === null) channels.push(channel)
    else if (reason !== 'not_chosen') skipped[channel] = reason
  }
  return { channels, skipped }
}

/** Ours in their order, then those that somebody added. */
function channelsOf({ channels }: Wish): readonly ChannelName[] {
  const own = channels?.filter((name) => !CHANNELS.includes(name)) ?? []
  return own.length === 0 ? CHANNELS : [...CHANNELS, ...own]
}

function reasonAgainst(
  channel: ChannelName,
  { user, preferences, hasDevices }: Recipient,
  wish: Wish,
): SkipReason | null {
  const from = FROM_PRIORITY[channel]
  if (wish.channels ? !wish.channels.includes(channel) : from === undefined) return 'not_chosen'
  const unmet = wish.unmet?.[channel]
  if (unmet !== undefined) return `${UNMET}${unmet}`
  if (!wish.overridesPreferences && !wants(preferences, channel, wish.subject)) return 'preference'
  if (!wish.channels && from && rank(wish.priority) > rank(from)) return 'priority'
  if (wish.addresses?.[channel] !== undefined) return null
  if (channel === 'push' ? !hasDevices : addressFor(channel, user) === null) return 'no_address'
  return null
}

/** 0 is the most urgent. */
function rank(priority: Priority): number {
  return PRIORITIES.indexOf(priority)
}

/** Where a channel reaches a user; `null` when it cannot. */
export function addressFor(channel: ChannelName, user: UserRecord): string | null {
  switch (channel) {
    case 'email':
      return user.email
    case 'sms':
    case 'voice':
      return user.phone
    case 'slack':
      return user.slack_webhook_url
    case 'discord':
      return user.discord_webhook_url
    case 'webhook':
      return user.webhook_url
    default:
      return user.id
  }
}
