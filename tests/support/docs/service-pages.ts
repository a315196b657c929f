import type { z } from 'zod'
import { toJSONSchema } from 'zod'
import {
  ApprovalBody,
  ComplianceBody,
  LargeDonationBody,
  MilestoneBody,
  PaymentFailedBody,
  ProgressBody,
  SecurityAlertBody,
} from '../../../controllers/broadcast-fields.ts'
import { domainEvents } from '../../../routers/domain-events.ts'
import type { AlertEvent } from '../../../services/alerts/alert-record.ts'
import { code, fieldTable, heading, type Schema, table } from './tables.ts'

interface AsyncApi {
  readonly channels: Readonly<
    Record<
      string,
      { address: string | null; messages: Readonly<Record<string, { payload?: Schema }>> }
    >
  >
  readonly operations: Readonly<
    Record<string, { channel: { $ref: string }; bindings?: { mqtt?: { qos?: number } } }>
  >
}

/** Every topic with its fields, from `/asyncapi.json`. */
export function topicsPage({ channels, operations }: AsyncApi): string {
  const qosOf = (name: string) =>
    Object.values(operations).find(({ channel }) => channel.$ref === `#/channels/${name}`)?.bindings
      ?.mqtt?.qos
  const parts = Object.entries(channels).flatMap(([name, { address, messages }]) => {
    const payload = Object.values(messages)[0]?.payload
    if (address === null || payload === undefined) return []
    return [`## ${code(address)}\n\nQoS ${qosOf(name) ?? 0} at most.\n${fieldTable(payload)}`]
  })
  return [
    heading(
      'MQTT topics',
      `Payloads are JSON objects of at most 256 KiB. A bold field must be there. \`MQTT_TOPIC_PREFIX\` stands before every topic. Every payload may also have \`idempotency_key\` (the same again within 24 hours has no effect), \`token\` (where the connection does not say who it is; it is not kept), and \`reply_to\` with \`correlation_id\`: a topic below \`notifications/replies/\` that gets the answer. With MQTT 5 the response topic does that. On the topics of messages and alerts, what does not begin with \`{\` or \`[\` is taken as the \`message\`.

To see what a message would do: \`npx belfry routes test <topic> <json>\`. Fields are explained where they are used: [messages](../guides/digest-and-schedule.md), [alerts](../alerts.md), [channels](../channels.md).`,
    ),
    ...parts,
    `## What Belfry publishes\n\n${table(
      ['topic', 'what'],
      [
        ['`users/{user_id}/inbox`', 'the channel `mqtt`: the notification'],
        ['`users/{user_id}/unread`', 'how many are unread, retained'],
        ['`notifications/alerts/updates`', 'what becomes of alerts: [Events](events.md)'],
        ['`notifications/errors`', 'what was refused, with its code'],
        ['`notifications/replies/…`', 'answers, where they were asked for'],
        [
          '`belfry/status/{node}`',
          '`online` or `offline`, retained; the last will of each process',
        ],
      ],
    )}`,
  ].join('\n')
}

interface Operation {
  readonly summary?: string
  readonly description?: string
  readonly tags?: readonly string[]
  readonly parameters?: readonly { name: string; in: string }[]
  readonly requestBody?: { content?: { 'application/json'?: { schema?: Schema } } }
}

interface OpenApi {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
}

/** Every path, by subject, from `/openapi.json`. */
export function httpPage({ paths }: OpenApi): string {
  const all = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
  )
  const byTag = Map.groupBy(all, ({ operation }) => operation.tags?.[0] ?? 'other')
  const parts = [...byTag]
    .sort(([a], [b]) => a.localeCompare(b))
    .map(([tag, operations]) => {
      const rows = operations
        .sort((a, b) => a.path.localeCompare(b.path) || a.method.localeCompare(b.method))
        .map(({ path, method, operation }) => [
          code(`${method.toUpperCase()} ${path}`),
          operation.summary ?? '',
          code(/`(\w+)`/.exec(operation.description ?? '')?.[1] ?? ''),
          fieldsOf(operation),
        ])
      return `## ${tag}\n\n${table(['path', 'what', 'scope', 'query and body'], rows)}`
    })
  return [
    heading(
      'HTTP',
      'In full, with every type, at `/openapi.json` and `/docs` of a running service. `Authorization: Bearer <token or key>`; where authentication is off, `?user_id=` or the header `X-Belfry-User` says who it is. Writes take `Idempotency-Key`. Lists are `{data, next_cursor}` and take `cursor` and `limit` (15, at most 100). Refusals: [Errors](errors.md). A bold field must be there. What each field of a message is for: [the topic](topics.md) `notifications/realtime/user/{user_id}`.',
    ),
    ...parts,
  ].join('\n')
}

function fieldsOf({ parameters = [], requestBody }: Operation): string {
  const query = parameters.filter((one) => one.in === 'query').map(({ name }) => `?${name}`)
  const schema = requestBody?.content?.['application/json']?.schema
  const body = Object.keys(schema?.properties ?? {}).map((name) =>
    schema?.required?.includes(name) ? `**${code(name)}**` : code(name),
  )
  return [...query.map(code), ...body].join(' ')
}

const BROADCAST_EVENTS: Readonly<Record<string, z.ZodType>> = {
  'donation.large': LargeDonationBody,
  'campaign.milestone': MilestoneBody,
  'campaign.progress': ProgressBody,
  'campaign.approval_needed': ApprovalBody,
  'payment.failed': PaymentFailedBody,
  'security.alert': SecurityAlertBody,
  'compliance.issue': ComplianceBody,
}

/** A new one without a line here does not compile. */
const ALERT_EVENTS: Readonly<Record<AlertEvent, string>> = {
  triggered: 'it is new, or was reported again after it had been resolved',
  acknowledged: 'somebody works on it',
  unacknowledged: 'that was taken back',
  snoozed: 'it is quiet for a while',
  returned:
    'the time of its snooze or acknowledgement is over, or it goes on after a silence that told nobody at its end',
  worsened: 'it was reported again as worse than it was; its policy begins again',
  escalated: 'the next people are told',
  exhausted: 'the last step is over and nobody answered; the admins are told',
  resolved: 'it has ended',
}

/** Events that have a meaning here without being declared by an application. */
export function eventsPage(): string {
  const missing = [...domainEvents().keys()].filter(
    (name) => name.includes('.') && BROADCAST_EVENTS[name] === undefined,
  )
  if (missing.length > 0)
    throw new Error(`No line about ${missing.join(', ')} in ${import.meta.filename}`)
  const parts = Object.entries(BROADCAST_EVENTS).map(([name, schema]) => {
    const fields = toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as Schema
    return `### ${code(name)}\n${fieldTable(fields)}`
  })
  return [
    heading(
      'Events',
      'An event is something that happened. Publish any, under a dotted name: MQTT `events/order.shipped`, `POST /api/events` with `{"name":"order.shipped","payload":{…}}`, or `POST /hooks/cloudevents`. It is logged (`GET /api/events`), and listeners of your own project may turn it into notifications; `GET /api/event-types` lists the types of which something is said, and [what holds for each](../guides/events.md#what-holds-for-a-type). A template whose `event_type` is the name of the event gives the words.',
    ),
    '## Events that are broadcast\n\nEach is told on its channels and kept for those whom it concerns: [Broadcasting](../broadcasting.md#the-named-broadcasts).\n',
    ...parts,
    `## What becomes of alerts\n\nOn the topic \`notifications/alerts/updates\` and to \`ALERT_WEBHOOKS\`, with the whole alert.\n\n${table(
      ['event', 'when'],
      Object.entries(ALERT_EVENTS).map(([name, when]) => [code(`alert.${name}`), when]),
    )}`,
    '## What clients hear\n\nFrames of `/ws` and events of the other protocols: [Realtime](../realtime.md).\n',
  ].join('\n')
}
