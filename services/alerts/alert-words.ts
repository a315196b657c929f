import type { ChannelName } from '../deliveries/channel-policy.ts'
import { type Message, messageOf } from '../notifications/notification-record.ts'
import type { AlertUpdate } from './alert-job.ts'
import { withPlace } from './alert-place.ts'
import type { AlertRecord, Severity, StoredAlert } from './alert-record.ts'
import { EVERY_CHANNEL, PAGING } from './escalation-policy.ts'
import { worstSeverity } from './severity.ts'

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
  const message = messageOf({
    title: `${LABEL[severity]}: ${alert.type}`,
    message: alert.message,
    type: `alert.${severity}`,
    priority: PRIORITY[severity],
    data: dataOf(alert),
    actions: [{ type: 'ack', label: 'Acknowledge', alert_id: alert.id }],
    channels: severity === 'info' ? quiet : wanted,
    shortText: `${severity.toUpperCase()}: ${alert.type} - ${alert.message}`,
  })
  return withPlace(alert, message)
}

/** Why a group is told. */
export type GroupReason = 'first' | 'new' | 'repeat'

const MOST_LINES = 20
/** An answer to what tells more than these is one to the first of them. */
export const MOST_NAMED = 100
const MOST_SOURCES = 5
const HEADINGS = { first: '', new: 'New: ', repeat: 'Still open: ' } as const

/** The worst severity among some alerts. */
export function worstOf(alerts: readonly StoredAlert[]): Severity {
  return worstSeverity(alerts.map(({ severity }) => severity))
}

/** Several alerts of a group as one message. */
export function groupMessage(
  alerts: readonly AlertRecord[],
  { reason, channels }: { reason: GroupReason; channels: readonly ChannelName[] | null },
): Message {
  const severity = worstOf(alerts)
  const wanted = channels ?? (severity === 'critical' ? EVERY_CHANNEL : null)
  const types = [...new Set(alerts.map(({ type }) => type))].slice(0, 5).join(', ')
  const ids = alerts.slice(0, MOST_NAMED).map(({ id }) => id)
  const sources = [...new Set(alerts.flatMap(({ source }) => source ?? []))]
  const more = sources.length > MOST_SOURCES ? ' and others' : ''
  const from = sources.slice(0, MOST_SOURCES).join(', ') + more
  const short = `${severity.toUpperCase()}: ${alerts.length} alerts (${types})${from && ` from ${from}`}`
  return messageOf({
    title: `${LABEL[severity]}: ${HEADINGS[reason]}${alerts.length} alerts (${types})`,
    message: linesOf(alerts),
    type: `alert.${severity}`,
    priority: PRIORITY[severity],
    data: { alert_ids: ids, alert_id: ids[0], alert_count: alerts.length, reason },
    actions: alerts.slice(0, 5).map(({ id, message }) => ({
      ...{ type: 'ack', alert_id: id },
      label: `Acknowledge ${message.slice(0, 40)}`,
    })),
    channels:
      severity === 'info' ? (wanted?.filter((one) => !PAGING.includes(one)) ?? null) : wanted,
    shortText: `${short} - ${alerts[0]?.message ?? ''} …`,
  })
}

/** That alerts which were told together are over. */
export function resolvedMessage(alerts: readonly StoredAlert[]): Message {
  const [first] = alerts
  const types = [...new Set(alerts.map(({ type }) => type))].slice(0, 5).join(', ')
  const what = alerts.length === 1 ? types : `${alerts.length} alerts (${types})`
  return messageOf({
    title: `Resolved: ${what}`,
    message: alerts.length === 1 && first ? `Resolved: ${first.message}` : linesOf(alerts),
    type: 'alert.resolved',
    priority: worstOf(alerts) === 'critical' ? 'high' : 'normal',
    data: {
      alert_ids: alerts.slice(0, MOST_NAMED).map(({ id }) => id),
      ...{ alert_id: first?.id, alert_count: alerts.length },
    },
  })
}

function linesOf(alerts: readonly StoredAlert[]): string {
  const lines = alerts
    .slice(0, MOST_LINES)
    .map(({ type, source, message }) => `${type}${source === null ? '' : ` ${source}`}: ${message}`)
  const more = alerts.length - lines.length
  return [...lines, ...(more > 0 ? [`and ${more} more`] : [])].join('\n')
}

/**
 * Whether news of an alert is what those who were told wait for: that somebody has
 * it in hand, or that it is over before anybody had. It reaches them as the alert did.
 */
export function isAwaited(alert: StoredAlert, { event }: AlertUpdate): boolean {
  if (alert.severity !== 'critical') return false
  return event === 'acknowledged' || event === 'snoozed' || !alert.acknowledged
}

/** What those who were told hear when somebody acknowledged, snoozed or resolved. */
export function updateMessage(
  alert: StoredAlert,
  { event, who, note }: AlertUpdate,
  channels: readonly ChannelName[] | null,
): Message {
  const word = `${event.slice(0, 1).toUpperCase()}${event.slice(1)}`
  const by = who === null ? '' : ` by ${who}`
  const said = note === null ? '' : ` (${note})`
  const message = messageOf({
    title: `${word}: ${alert.type}`,
    message: `${word}${by}: ${alert.message}${said}`,
    type: `alert.${event}`,
    priority: alert.severity === 'critical' ? 'high' : 'normal',
    data: dataOf(alert),
    channels: channels?.filter((channel) => channel !== 'voice') ?? null,
    shortText: `${word}${by}: ${alert.type} - ${alert.message}${said}`,
  })
  return withPlace(alert, message, { asksNothing: true })
}

/** What admins are told when a policy came to its end. */
export function exhaustedMessage(alert: StoredAlert): Message {
  const text = `Nobody acknowledged ${alert.type}: ${alert.message}`
  const message = messageOf({
    title: `Nobody answers: ${alert.type}`,
    message: text,
    type: 'escalation.exhausted',
    priority: PRIORITY[alert.severity],
    data: dataOf(alert),
    actions: [{ type: 'ack', label: 'Acknowledge', alert_id: alert.id }],
    channels: alert.severity === 'critical' ? EVERY_CHANNEL : null,
    shortText: text,
  })
  return withPlace(alert, message)
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
