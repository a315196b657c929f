import type { ChannelName } from '../deliveries/channel-policy.ts'
import { type Message, messageOf } from '../notifications/notification-record.ts'
import type { AlertUpdate } from './alert-job.ts'
import type { AlertRecord, Severity, StoredAlert } from './alert-record.ts'
import { EVERY_CHANNEL, PAGING } from './escalation-policy.ts'

const PRIORITY = { critical: 'critical', warning: 'high', info: 'normal' } as const
const LABEL: Record<Severity, string> = {
  critical: 'CRITICAL ALERT',
  warning: 'Warning',
  info: 'Info',
}

/** What the people of a step are told; an alert that only informs pages nobody. */
export function alertMessage(
  alert: AlertRecord,
  stepChannels: readonly ChannelName[] | null,
): Message {
  const { severity } = alert
  const wanted = stepChannels ?? (severity === 'critical' ? EVERY_CHANNEL : null)
  const quiet = wanted?.filter((channel) => !PAGING.includes(channel)) ?? null
  return messageOf({
    title: `${LABEL[severity]}: ${alert.type}`,
    message: alert.message,
    type: `alert.${severity}`,
    priority: PRIORITY[severity],
    data: dataOf(alert),
    actions: [{ type: 'ack', label: 'Acknowledge', alert_id: alert.id }],
    channels: severity === 'info' ? quiet : wanted,
    shortText: `${severity.toUpperCase()}: ${alert.type} - ${alert.message}`,
  })
}

/** What those who were told hear when somebody acknowledged, snoozed or resolved. */
export function updateMessage(alert: StoredAlert, { event, who, note }: AlertUpdate): Message {
  const word = `${event.slice(0, 1).toUpperCase()}${event.slice(1)}`
  const by = who === null ? '' : ` by ${who}`
  const text = `${word}${by}: ${alert.message}${note === null ? '' : ` (${note})`}`
  return messageOf({
    title: `${word}: ${alert.type}`,
    message: text,
    type: `alert.${event}`,
    priority: alert.severity === 'critical' ? 'high' : 'normal',
    data: dataOf(alert),
  })
}

/** What admins are told when a policy came to its end. */
export function exhaustedMessage(alert: StoredAlert): Message {
  const text = `Nobody acknowledged ${alert.type}: ${alert.message}`
  return messageOf({
    title: `Nobody answers: ${alert.type}`,
    message: text,
    type: 'escalation.exhausted',
    priority: PRIORITY[alert.severity],
    data: dataOf(alert),
    actions: [{ type: 'ack', label: 'Acknowledge', alert_id: alert.id }],
    channels: alert.severity === 'critical' ? EVERY_CHANNEL : null,
    shortText: text,
  })
}

/** What people are told in place of every change of something that changes too often. */
export function flappingMessage(alert: StoredAlert): Message {
  const text = `${alert.type} changes between triggered and resolved again and again: ${alert.message}`
  return messageOf({
    title: `Flapping: ${alert.type}`,
    message: `${text}. You hear of it again when it has settled.`,
    type: 'alert.flapping',
    priority: PRIORITY[alert.severity],
    data: dataOf(alert),
    channels: alert.severity === 'critical' ? EVERY_CHANNEL : null,
    shortText: `FLAPPING: ${text}`,
  })
}

/** What they are told when it has settled, and is well. */
export function settledMessage(alert: StoredAlert): Message {
  return messageOf({
    title: `Settled: ${alert.type}`,
    message: `${alert.type} has settled and is resolved: ${alert.message}`,
    type: 'alert.settled',
    priority: alert.severity === 'critical' ? 'high' : 'normal',
    data: dataOf(alert),
  })
}

function dataOf({ id, type, source }: StoredAlert): Readonly<Record<string, unknown>> {
  return { alert_id: id, alert_type: type, source }
}
