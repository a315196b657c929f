import { wants } from '../directory/preferences.ts'
import { isTimeZone, quietUntil } from '../directory/quiet-hours.ts'
import type { Recipient } from '../directory/user-record.ts'
import {
  type ChannelChoice,
  type ChannelName,
  chooseChannels,
  type SkipReason,
  type Wish,
} from './channel-policy.ts'

/** Where a message goes to one person, and when. */
export interface DeliveryPlan extends ChannelChoice {
  /** Whether it is put into his inbox. */
  readonly inInbox: boolean
  /** Channels that wait, and until when: epoch milliseconds. */
  readonly held: Readonly<Partial<Record<ChannelName, number>>>
  /** Channels on which it is collected with others, and until when. */
  readonly gathered: ReadonlyMap<ChannelName, number>
}

export interface PlanWish extends Wish {
  readonly now: number
  /** Epoch milliseconds; `null`: never. */
  readonly expiresAt: number | null
  /** Of people who did not say theirs. */
  readonly timezone: string
  /** 0 to 1: spreads what is let go at one moment over a minute. */
  readonly spread: number
  /** `false`: it is only to be delivered. */
  readonly inInbox?: boolean
}

/** One gate on the way to a delivery: what is left of the plan, and why not the rest. */
type Stage = (plan: DeliveryPlan, recipient: Recipient, wish: PlanWish) => DeliveryPlan

/** What disturbs somebody who is asleep. */
const DISTURBING: readonly ChannelName[] = ['email', 'sms', 'voice', 'push']
const SPREAD_MS = 60_000
const NONE: DeliveryPlan['gathered'] = new Map()

const STAGES: readonly Stage[] = [inboxStage, quietHoursStage]

/** Decides, before anything is written, on which channels a message reaches somebody and when. */
export function planDelivery(recipient: Recipient, wish: PlanWish): DeliveryPlan {
  const chosen = { ...chooseChannels(recipient, wish), inInbox: true, held: {}, gathered: NONE }
  return STAGES.reduce<DeliveryPlan>((plan, stage) => stage(plan, recipient, wish), chosen)
}

function inboxStage(plan: DeliveryPlan, { preferences }: Recipient, wish: PlanWish): DeliveryPlan {
  const isWanted = wish.overridesPreferences || wants(preferences, 'database', wish.subject)
  const isMet = wish.unmet?.database === undefined
  return { ...plan, inInbox: isWanted && isMet && wish.inInbox !== false }
}

/** What is critical comes at any hour. */
function quietHoursStage(
  plan: DeliveryPlan,
  { user, preferences }: Recipient,
  wish: PlanWish,
): DeliveryPlan {
  const hours = preferences.quiet_hours
  if (!hours?.is_enabled || wish.overridesPreferences || wish.priority === 'critical') return plan
  const timezone = zoneOf([hours.timezone, user.timezone, wish.timezone])
  const until = quietUntil(hours, timezone, wish.now)
  if (until === null) return plan
  const releaseAt = until + Math.floor(wish.spread * SPREAD_MS)
  const affected = plan.channels.filter((channel) => DISTURBING.includes(channel))
  const isTooLate = wish.expiresAt !== null && wish.expiresAt <= releaseAt
  if (hours.mode === 'hold' && !isTooLate) {
    return { ...plan, held: Object.fromEntries(affected.map((channel) => [channel, releaseAt])) }
  }
  const isCollected = hours.mode === 'digest' && !isTooLate
  const reason: SkipReason = isCollected ? 'digest' : 'quiet_hours'
  const skipped = Object.fromEntries(affected.map((channel) => [channel, reason]))
  return {
    ...plan,
    gathered: isCollected ? new Map(affected.map((channel) => [channel, releaseAt])) : NONE,
    channels: plan.channels.filter((channel) => !affected.includes(channel)),
    skipped: { ...plan.skipped, ...skipped },
  }
}

/** The first name that is a time zone; UTC where none is. */
export function zoneOf(named: readonly (string | null)[]): string {
  return named.find((name) => name !== null && isTimeZone(name)) ?? 'UTC'
}
