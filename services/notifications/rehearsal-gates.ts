import { isoTime } from '../../src/index.ts'
import type { DeliveryPlan } from '../deliveries/delivery-plan.ts'
import { mutedPart, subjectOf } from '../directory/preferences.ts'
import type { Recipient } from '../directory/user-record.ts'
import { delayOf, type Typed, type TypeRefusal } from '../events/type-rules.ts'
import type { Message } from './notification-record.ts'

/** What one gate says of a message, and why. */
export interface GateVerdict {
  readonly gate: string
  readonly outcome: 'pass' | 'hold' | 'refuse'
  readonly reason?: string
}

/** What its moments say. */
export function timeGates({ expiresAt, sendAt, localAt }: Message, now: number): GateVerdict[] {
  const gates: GateVerdict[] = []
  if (localAt !== null) {
    gates.push({
      gate: 'schedule',
      outcome: 'hold',
      reason: `sent at ${localAt} of the recipient's day`,
    })
  }
  if (expiresAt !== null && expiresAt <= now) {
    gates.push({ gate: 'expiry', outcome: 'refuse', reason: 'expired' })
  }
  if (sendAt !== null && sendAt > now) {
    gates.push({ gate: 'schedule', outcome: 'hold', reason: `sent at ${isoTime(sendAt)}` })
  }
  return gates
}

/** What the type of the message says of it. */
export function typeGates(typed: Typed, refusal: TypeRefusal | null, now: number): GateVerdict[] {
  const { type, message } = typed
  if (type === null) return []
  const { name } = type
  const saysItself = message.sendAt !== null || message.localAt !== null
  const at = saysItself ? null : delayOf(typed, now)
  const reason = refusal === null ? name : `${refusal.reason}: ${refusal.detail}`
  return [
    { gate: 'event type', outcome: refusal === null ? 'pass' : 'refuse', reason },
    ...(at === null ? [] : [delayGate(at)]),
  ]
}

function delayGate(at: number | string): GateVerdict {
  if (typeof at === 'string') return { gate: 'delay', outcome: 'refuse', reason: at }
  return { gate: 'delay', outcome: 'hold', reason: `sent at ${isoTime(at)}` }
}

/** Whether it reaches people whatever they prefer. */
export function isCritical({ type, message }: Typed): boolean {
  return type?.critical === true || message.template?.isCritical === true
}

/** What depends on other messages is said as a rule: a dry run counts nothing. */
export function flowGates({ digest, throttle }: Message): GateVerdict[] {
  const gates: GateVerdict[] = []
  if (digest !== null) {
    const when = digest.cron ?? `${(digest.windowMs ?? 0) / 1000} s`
    gates.push({ gate: 'digest', outcome: 'hold', reason: `collected with others: ${when}` })
  }
  if (throttle !== null) {
    const most = `at most ${throttle.limit} in ${throttle.windowMs / 1000} s`
    const beyond = throttle.onLimit === 'drop' ? 'others are left out' : 'others are collected'
    gates.push({ gate: 'throttle', outcome: 'pass', reason: `${most}, ${beyond}` })
  }
  return gates
}

/** Whether its recipient does not want to hear of it at all. */
export function mutedGate(typed: Typed, { preferences }: Recipient, now: number): GateVerdict {
  const subject = subjectOf(typed.message)
  const muted = isCritical(typed) ? null : mutedPart(preferences, subject, now)
  return muted !== null
    ? { gate: 'muted types', outcome: 'refuse', reason: `muted_${muted}` }
    : { gate: 'muted types', outcome: 'pass' }
}

/** Whether it is put into the inbox. */
export function inboxGate({ inInbox, channels, gathered }: DeliveryPlan): GateVerdict {
  if (inInbox) return { gate: 'inbox', outcome: 'pass' }
  const isUnwanted = channels.length + gathered.size === 0
  return { gate: 'inbox', outcome: isUnwanted ? 'refuse' : 'hold', reason: 'preference' }
}
