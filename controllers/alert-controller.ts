import { z } from 'zod'
import type { AlertActions } from '../services/alerts/alert-actions.ts'
import type { AlertBoard } from '../services/alerts/alert-board.ts'
import type { AlertReport, Severity } from '../services/alerts/alert-record.ts'
import type { AlertRehearsal } from '../services/alerts/alert-rehearsal.ts'
import type { AlertService } from '../services/alerts/alert-service.ts'
import { assertUserId } from '../services/directory/user-record.ts'
import { identityOf } from '../services/notifications/acceptance.ts'
import { AlreadyResolved, type Context, duration, NotFound } from '../src/index.ts'
import { alsoNamed, nullsLeftOut } from './as-written.ts'
import { idempotencyKey, moment, requiredText, safeId, userId } from './fields.ts'

const alertFields = {
  message: requiredText('Message is required', 4000).optional(),
  source: z.string().min(1).max(200).nullish(),
  severity: z.string().max(50).optional(),
  affected_systems: z.array(z.string().min(1).max(200)).max(100).default([]),
  dedup_key: z.string().min(1).max(512).nullish(),
  labels: z.record(z.string().max(100), z.coerce.string().max(1000)).default({}),
  data: z.record(z.string(), z.unknown()).default({}),
  action: z.enum(['trigger', 'acknowledge', 'ack', 'resolve', 'close']).default('trigger'),
  user_id: userId().nullish(),
  note: z.string().max(1000).nullish(),
  idempotency_key: idempotencyKey(),
}

const needsMessage = {
  check: ({ action, message }: { action: string; message?: string | undefined }) =>
    action !== 'trigger' || message !== undefined,
  issue: { path: ['message'], message: 'Message is required' },
}

/** What an alert says; `message` may be left out where it only ends one. */
export const AlertPayload = nullsLeftOut(
  z.object(alertFields).refine(needsMessage.check, needsMessage.issue),
)

/** The same over HTTP, where no topic says type and severity. */
export const AlertBody = alsoNamed(
  { alert_type: 'type' },
  nullsLeftOut(
    z
      .object({
        ...alertFields,
        type: safeId('type'),
        severity: z.enum(['critical', 'warning', 'info']).default('critical'),
      })
      .refine(needsMessage.check, needsMessage.issue),
  ),
)

/** Who acknowledges or resolves, and what he says about it. */
export const AlertActionPayload = z.object({
  user_id: userId().nullish(),
  note: z.string().max(1000).nullish(),
  message: z.string().max(1000).nullish(),
  for: duration().nullish(),
})

/** How long an alert is to be quiet: until a moment, or for a time. */
export const AlertSnoozeBody = z
  .object({
    user_id: userId().nullish(),
    note: z.string().max(1000).nullish(),
    until: moment().nullish(),
    for: duration().nullish(),
  })
  .refine((body) => (body.until == null) !== (body.for == null), 'say until or for')

/** Which alerts; those that are open in any way where nothing is said. */
export const AlertsQuery = z.object({
  cursor: z.string().max(300).nullish(),
  limit: z.coerce.number().int().min(1).max(100).default(15),
  type: z.string().max(128).optional(),
  status: z
    .enum(['open', 'all', 'triggered', 'acknowledged', 'snoozed', 'resolved'])
    .default('open'),
})

type TypeParam = { readonly alert_type: string }
type IdParam = { readonly alert_id: string }

/** `notifications/alerts/…`: raised, acknowledged, resolved. */
export class AlertController {
  readonly #alerts: AlertService
  readonly #actions: AlertActions
  readonly #alertBoard: AlertBoard
  readonly #rehearsal: AlertRehearsal

  constructor(parts: {
    alerts: AlertService
    alertActions: AlertActions
    alertBoard: AlertBoard
    alertRehearsal: AlertRehearsal
  }) {
    this.#alerts = parts.alerts
    this.#actions = parts.alertActions
    this.#alertBoard = parts.alertBoard
    this.#rehearsal = parts.alertRehearsal
  }

  /** The topic decides the severity; what the payload says of it is a label. */
  handle =
    (severity: Severity) => async (context: Context<TypeParam, z.output<typeof AlertPayload>>) => {
      const { alert_type: type } = context.params
      assertUserId(type)
      return this.#act(context, reportOf(context.payload, { type, severity }))
    }

  /** What {@link handle} would do with a message, for a dry run. */
  explain = (severity: Severity) => async (context: Context) => {
    const { params, payload } = context as Context<TypeParam, z.output<typeof AlertPayload>>
    const report = reportOf(payload, { type: params.alert_type, severity })
    const reasons =
      payload.action === 'trigger'
        ? await this.#rehearsal.of(report)
        : [`would ${payload.action} the open alert of its type and source`]
    return reasons.map((reason) => ({ step: 'alert', outcome: 'pass' as const, reason }))
  }

  /** `POST /api/alerts`. */
  report = async (context: Context<unknown, z.output<typeof AlertBody>>) =>
    this.#act(context, reportOf(context.payload, context.payload))

  list = async ({ query }: Context) => {
    const { limit, status, cursor = null, type = null } = query as z.output<typeof AlertsQuery>
    return this.#alertBoard.list({ limit, status, cursor, type })
  }

  find = async (context: Context<IdParam>) => this.#alertBoard.find(context.params.alert_id)

  async #act(context: Context<unknown, z.output<typeof AlertPayload>>, report: AlertReport) {
    const doing = doingOf(context)
    switch (context.payload.action) {
      case 'trigger':
        return this.#alerts.raise(report, identityOf(context))
      case 'acknowledge':
      case 'ack':
        return this.#actions.acknowledge(await this.#alerts.openAlertOf(report), doing)
      default:
        return this.#resolveOpen(report, doing)
    }
  }

  /** A source may say more than once that all is well; with nothing open there is nothing to do. */
  async #resolveOpen(report: AlertReport, doing: ReturnType<typeof doingOf>) {
    try {
      return await this.#actions.resolve(await this.#alerts.openAlertOf(report), doing)
    } catch (error) {
      const isOver = error instanceof NotFound || error instanceof AlreadyResolved
      if (!isOver) throw error
      return { status: 'resolved', alert_id: null } as const
    }
  }

  acknowledge = async (context: Context<IdParam, z.output<typeof AlertActionPayload>>) =>
    this.#actions.acknowledge(
      context.params.alert_id,
      doingOf(context),
      context.payload.for ?? null,
    )

  resolve = async (context: Context<IdParam, z.output<typeof AlertActionPayload>>) =>
    this.#actions.resolve(context.params.alert_id, doingOf(context))

  unacknowledge = async (context: Context<IdParam, z.output<typeof AlertActionPayload>>) =>
    this.#actions.unacknowledge(context.params.alert_id, doingOf(context))

  escalate = async (context: Context<IdParam, z.output<typeof AlertActionPayload>>) =>
    this.#actions.escalate(context.params.alert_id, doingOf(context))

  snooze = async (context: Context<IdParam, z.output<typeof AlertSnoozeBody>>) => {
    const until = context.payload.until ?? context.receivedAt + (context.payload.for ?? 0)
    return this.#actions.snooze(context.params.alert_id, doingOf(context), until)
  }
}

function reportOf(
  payload: z.output<typeof AlertPayload>,
  { type, severity }: { readonly type: string; readonly severity: Severity },
): AlertReport {
  const named = payload.severity
  return {
    type,
    severity,
    message: payload.message ?? '',
    source: payload.source ?? null,
    affectedSystems: payload.affected_systems,
    labels: named && named !== severity ? { ...payload.labels, severity: named } : payload.labels,
    data: payload.data,
    dedupKey: payload.dedup_key ?? null,
  }
}

interface Said {
  readonly user_id?: string | null | undefined
  readonly note?: string | null | undefined
  readonly message?: string | null | undefined
}

/** Who it is: as the payload says, else as the credential says; plain words are his note. */
function doingOf({ payload, principal }: Context<unknown, Said>) {
  const who = payload.user_id ?? principal?.id ?? null
  return { who, note: payload.note ?? payload.message ?? null }
}
