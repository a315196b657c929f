import type { z } from 'zod'
import type { AlertRoutes } from '../services/alerts/alert-routes.ts'
import type { ContactMethods } from '../services/alerts/contact-methods.ts'
import type { Documents } from '../services/alerts/documents.ts'
import type { EscalationPolicy } from '../services/alerts/escalation-policy.ts'
import type { NotificationRules } from '../services/alerts/notification-rules.ts'
import type { OnCall } from '../services/alerts/on-call.ts'
import type { Schedule, ScheduleOverride } from '../services/alerts/schedule.ts'
import { shiftsOf } from '../services/alerts/shifts.ts'
import { type Context, HttpReply, NotFound } from '../src/index.ts'
import type { AlertRoutesBody } from './alert-route-fields.ts'
import type {
  ContactBody,
  ContactCodeBody,
  NotificationRulesBody,
  OnCallQuery,
  OverrideBody,
  PolicyBody,
  ScheduleBody,
  ShiftsQuery,
} from './schedule-fields.ts'
import { assertSelfOrAdmin } from './user-controller.ts'

const DAY_MS = 86_400_000

type IdParam = { readonly id: string }
type OverrideParams = IdParam & { readonly override_id: string }

interface Parts {
  readonly alertRoutes: AlertRoutes
  readonly onCall: OnCall
  readonly policies: Documents<EscalationPolicy>
  readonly schedules: Documents<Schedule>
  readonly notificationRules: NotificationRules
  readonly contacts: ContactMethods
}

/** Who is told of alerts, and when: policies, schedules, and who is on call by them. */
export class OnCallController {
  readonly #parts: Parts

  constructor(parts: Parts) {
    this.#parts = parts
  }

  onCall = async ({ query, receivedAt }: Context) => {
    const { at = receivedAt, type = null } = query as z.output<typeof OnCallQuery>
    return this.#parts.onCall.view({ at, type })
  }

  policies = async () => ({ data: await this.#parts.policies.list(), next_cursor: null })

  policy = async ({ params }: Context<IdParam>) => this.#parts.policies.find(params.id)

  createPolicy = async ({ id, payload }: Context<unknown, z.output<typeof PolicyBody>>) =>
    this.#parts.policies.create({ ...payload, id: payload.id ?? id })

  savePolicy = async ({ params, payload }: Context<IdParam, z.output<typeof PolicyBody>>) =>
    this.#parts.policies.change(params.id, () => ({ ...payload, id: params.id }))

  removePolicy = async ({ params }: Context<IdParam>) => {
    await this.#parts.policies.remove(params.id)
    return new HttpReply(204, undefined)
  }

  routes = async () => ({ routes: await this.#parts.alertRoutes.read() })

  saveRoutes = async ({ payload }: Context<unknown, z.output<typeof AlertRoutesBody>>) => {
    await this.#parts.alertRoutes.save(payload.routes)
    return payload
  }

  schedules = async () => ({ data: await this.#parts.schedules.list(), next_cursor: null })

  schedule = async ({ params }: Context<IdParam>) => this.#parts.schedules.find(params.id)

  shifts = async ({ params, query, receivedAt }: Context<IdParam>) => {
    const { from = receivedAt, days } = query as z.output<typeof ShiftsQuery>
    const schedule = await this.#parts.schedules.find(params.id)
    return { data: shiftsOf(schedule, from, from + days * DAY_MS), next_cursor: null }
  }

  createSchedule = async ({ id, payload }: Context<unknown, z.output<typeof ScheduleBody>>) =>
    this.#parts.schedules.create({ ...payload, id: payload.id ?? id, overrides: [] })

  saveSchedule = async ({ params, payload }: Context<IdParam, z.output<typeof ScheduleBody>>) =>
    this.#parts.schedules.change(params.id, ({ overrides }) => ({
      ...payload,
      id: params.id,
      overrides,
    }))

  removeSchedule = async ({ params }: Context<IdParam>) => {
    await this.#parts.schedules.remove(params.id)
    return new HttpReply(204, undefined)
  }

  /** Overrides that are over are forgotten on the way. */
  addOverride = async (context: Context<IdParam, z.output<typeof OverrideBody>>) => {
    const override: ScheduleOverride = { ...context.payload, id: context.id }
    await this.#parts.schedules.change(context.params.id, (schedule) => ({
      ...schedule,
      overrides: [
        ...schedule.overrides.filter(({ ends_at }) => Date.parse(ends_at) > context.receivedAt),
        override,
      ],
    }))
    return override
  }

  removeOverride = async ({ params }: Context<OverrideParams>) => {
    await this.#parts.schedules.change(params.id, (schedule) => {
      const overrides = schedule.overrides.filter(({ id }) => id !== params.override_id)
      if (overrides.length === schedule.overrides.length) {
        throw new NotFound(`There is no override ${params.override_id}.`)
      }
      return { ...schedule, overrides }
    })
    return new HttpReply(204, undefined)
  }

  notificationRules = async (context: Context<IdParam>) => {
    assertSelfOrAdmin(context)
    return { rules: await this.#parts.notificationRules.find(context.params.id) }
  }

  saveNotificationRules = async (
    context: Context<IdParam, z.output<typeof NotificationRulesBody>>,
  ) => {
    assertSelfOrAdmin(context)
    const { rules } = context.payload
    await this.#parts.notificationRules.save(context.params.id, rules)
    return { rules }
  }

  contactMethods = async (context: Context<IdParam>) => {
    assertSelfOrAdmin(context)
    return { data: await this.#parts.contacts.list(context.params.id), next_cursor: null }
  }

  sendCode = async (context: Context<IdParam, z.output<typeof ContactBody>>) => {
    assertSelfOrAdmin(context)
    return this.#parts.contacts.sendCode(context.params.id, context.payload.kind)
  }

  verifyContact = async (context: Context<IdParam, z.output<typeof ContactCodeBody>>) => {
    assertSelfOrAdmin(context)
    const { kind, code } = context.payload
    return this.#parts.contacts.verify(context.params.id, kind, code)
  }
}
