import { Filtered } from '../../src/index.ts'
import { UNMET } from '../deliveries/channel-policy.ts'
import type { DeliveryPlan } from '../deliveries/delivery-plan.ts'
import type { TraceReason } from '../flows/traces.ts'
import type { Ready } from './sending.ts'

/** Why a message is no notification, for its trace. */
export interface LeftOut {
  readonly reason: TraceReason
  readonly detail?: string
}

/** What to say where no channel is left, and neither is the inbox. */
export function unwanted({ userId, id, composer }: Ready, plan: DeliveryPlan): [LeftOut, Filtered] {
  const reasons = Object.values(plan.skipped)
  const unmet = reasons.find((reason) => reason.startsWith(UNMET))
  if (unmet !== undefined) {
    const detail = unmet.slice(UNMET.length)
    const words = `User ${userId} is not told: ${detail}`
    return [{ reason: 'condition', detail }, new Filtered('condition', words, id)]
  }
  const [reason = 'preference'] = composer ? reasons : []
  const words = `User ${userId} wants none of this.`
  return [{ reason: 'preference' }, new Filtered(reason, words, id)]
}
