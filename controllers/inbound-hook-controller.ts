import { createHash } from 'node:crypto'
import { z } from 'zod'
import type { EventLog } from '../services/events/event-log.ts'
import type { AlertIntake } from '../services/hooks/alert-intake.ts'
import {
  AlertmanagerBody,
  alertmanagerAlerts,
  OldGrafanaBody,
  oldGrafanaAlert,
} from '../services/hooks/alertmanager-alerts.ts'
import { cloudEventsOf, identityOfCloudEvent } from '../services/hooks/cloud-event.ts'
import { type ReportedAlert, reportOf, severityOf } from '../services/hooks/reported-alert.ts'
import { identityOf } from '../services/notifications/acceptance.ts'
import {
  type Context,
  type HttpContext,
  InvalidPayload,
  inOurWords,
  toIssue,
  uuidFrom,
} from '../src/index.ts'

export { AlertmanagerBody }
export const GrafanaBody = z.union([AlertmanagerBody, OldGrafanaBody])

const Texts = z.record(z.string(), z.coerce.string())

/** GoAlert's generic API: the same fields in the body or in the query. */
const GenericFields = z.object({
  summary: z.string().min(1, 'Summary is required').max(1000),
  details: z.string().max(6000).default(''),
  action: z.enum(['trigger', 'ack', 'acknowledge', 'close', 'resolve']).default('trigger'),
  dedup: z.string().max(512).optional(),
  meta: z.preprocess(readJson, Texts).default({}),
  type: z.string().max(128).default('generic'),
  severity: z.string().max(50).default('critical'),
  source: z.string().max(200).optional(),
})

/** `summary` may be left out where a `dedup` says which alert is over. */
export const GenericBody = z.record(z.string(), z.unknown())

interface Parts {
  readonly alertIntake: AlertIntake
  readonly events: EventLog
}

/** `/hooks/…`: what other tools tell us. */
export class InboundHookController {
  readonly #parts: Parts

  constructor(parts: Parts) {
    this.#parts = parts
  }

  alertmanager = async (context: Context<unknown, z.output<typeof AlertmanagerBody>>) =>
    this.#take(alertmanagerAlerts(context.payload), 'alertmanager', context)

  grafana = async (context: Context<unknown, z.output<typeof GrafanaBody>>) => {
    const { payload } = context
    const reported =
      'alerts' in payload
        ? alertmanagerAlerts(payload as z.output<typeof AlertmanagerBody>)
        : [oldGrafanaAlert(payload as z.output<typeof OldGrafanaBody>)]
    return this.#take(reported, 'grafana', context)
  }

  generic = async (context: HttpContext<unknown, z.output<typeof GenericBody>>) =>
    this.#take([genericAlert(context)], 'hook', context)

  cloudevents = async (context: HttpContext) => {
    const { meta: headers, payload, principal } = context
    const events = cloudEventsOf({ headers, payload })
    const sourceUser = principal?.via === 'none' ? null : (principal?.id ?? null)
    const recorded = await Promise.all(
      events.map((event) => {
        const { type, key, payload: content } = event
        const own = { ...identityOf(context), id: uuidFrom(context.id, key) }
        const identity = identityOfCloudEvent(event, own)
        return this.#parts.events.record(type, content, { identity, sourceUser })
      }),
    )
    return { status: 'event_logged', event_ids: recorded.map(({ event_id }) => event_id) }
  }

  #take(reported: readonly ReportedAlert[], who: string, context: Context<unknown, unknown>) {
    return this.#parts.alertIntake.take(reported, { identity: identityOf(context), who })
  }
}

function genericAlert({ payload, query }: HttpContext<unknown, z.output<typeof GenericBody>>) {
  const { key, token, user_id, ...asked } = query
  const given = { ...asked, ...payload } as Record<string, unknown>
  const isOver = given.action !== undefined && given.action !== 'trigger'
  if (given.summary === undefined && isOver && given.dedup) given.summary = String(given.dedup)
  const result = GenericFields.safeParse(given, inOurWords)
  if (!result.success) {
    const issues = result.error.issues.map(toIssue)
    throw new InvalidPayload('The alert is not as it should be.', issues)
  }
  const { summary, details, action, dedup, meta, type, severity, source } = result.data
  const report = reportOf({
    type,
    severity: severityOf(severity),
    message: summary,
    source: source ?? null,
    labels: meta,
    data: details === '' ? {} : { details },
    dedupKey: dedup ?? hashOf(`${summary}\n${details}`),
  })
  return { state: STATES[action], report } as const
}

const STATES = {
  trigger: 'firing',
  ack: 'acknowledged',
  acknowledge: 'acknowledged',
  close: 'resolved',
  resolve: 'resolved',
} as const

function hashOf(text: string): string {
  return createHash('sha512').update(text).digest('hex')
}

/** Forms and queries hold objects as JSON. */
function readJson(value: unknown): unknown {
  if (typeof value !== 'string') return value
  try {
    return JSON.parse(value)
  } catch {
    return value // The schema says what would be right.
  }
}
