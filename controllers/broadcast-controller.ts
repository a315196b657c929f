import { z } from 'zod'
import type { BroadcastLog } from '../services/broadcasts/broadcast-log.ts'
import type { BroadcastStatus } from '../services/broadcasts/broadcast-status.ts'
import type {
  Asked,
  NotificationBroadcaster,
} from '../services/broadcasts/notification-broadcaster.ts'
import { SAMPLES, sampleBroadcast } from '../services/broadcasts/sample-broadcasts.ts'
import { adminNotice } from '../services/broadcasts/system-broadcasts.ts'
import { identityOf } from '../services/notifications/acceptance.ts'
import { messageOf } from '../services/notifications/notification-record.ts'
import type { Clock, Context } from '../src/index.ts'
import {
  type ApprovalBody,
  type ComplianceBody,
  campaignOf,
  donationOf,
  type GeneralBody,
  type LargeDonationBody,
  type MaintenanceNewsBody,
  type MilestoneBody,
  type PaymentFailedBody,
  type ProgressBody,
  paymentOf,
  type SecurityAlertBody,
} from './broadcast-fields.ts'

export const TestBroadcastBody = z.object({
  type: z.enum(SAMPLES, { error: `must be one of ${SAMPLES.join(', ')}` }).default('donation'),
  count: z.number().int().min(1).max(100).default(1),
})
export const StatusQuery = z.object({
  /** `default` or `all`: which connections are tried. */
  verify: z.enum(['default', 'all']).optional(),
})
export const LogQuery = z.object({ limit: z.coerce.number().int().min(1).max(100).default(15) })

type With<Body extends z.ZodType> = Context<unknown, z.output<Body>>

interface Parts {
  readonly broadcaster: NotificationBroadcaster
  readonly broadcastLog: BroadcastLog
  readonly broadcastStatus: BroadcastStatus
  readonly clock: Clock
}

/** The named broadcasts, and how broadcasting stands. */
export class BroadcastController {
  readonly #parts: Parts

  constructor(parts: Parts) {
    this.#parts = parts
  }

  largeDonation = async (context: With<typeof LargeDonationBody>) => {
    const { payload } = context
    const { broadcaster } = this.#parts
    const donation = donationOf(payload)
    return broadcaster.broadcastLargeDonationAlert(donation, payload.threshold, askedBy(context))
  }

  milestone = async (context: With<typeof MilestoneBody>) => {
    const { payload } = context
    const { milestone, amount } = payload
    const campaign = campaignOf(payload)
    const { broadcaster } = this.#parts
    return broadcaster.broadcastCampaignMilestone(campaign, milestone, amount, askedBy(context))
  }

  progress = async (context: With<typeof ProgressBody>) => {
    const { payload } = context
    const { amount, donors = null } = payload
    const campaign = campaignOf(payload)
    const { broadcaster } = this.#parts
    return broadcaster.broadcastCampaignProgress(campaign, amount, donors, askedBy(context))
  }

  approvalNeeded = async (context: With<typeof ApprovalBody>) => {
    const { requested_by: by = null } = context.payload
    const campaign = campaignOf(context.payload)
    return this.#parts.broadcaster.broadcastApprovalNeeded(campaign, by, askedBy(context))
  }

  paymentFailed = async (context: With<typeof PaymentFailedBody>) =>
    this.#parts.broadcaster.broadcastPaymentFailed(paymentOf(context.payload), askedBy(context))

  securityAlert = async (context: With<typeof SecurityAlertBody>) => {
    const { alert_type: type, message, severity, details } = context.payload
    const { broadcaster } = this.#parts
    return broadcaster.broadcastSecurityAlert(type, message, severity, details, askedBy(context))
  }

  compliance = async (context: With<typeof ComplianceBody>) => {
    const { issue_type: type, message, severity, details } = context.payload
    const { broadcaster } = this.#parts
    return broadcaster.broadcastComplianceIssue(type, message, severity, details, askedBy(context))
  }

  maintenance = async (context: With<typeof MaintenanceNewsBody>) => {
    const { type, scheduled_for, duration_minutes, services, message = null } = context.payload
    const at = scheduled_for ?? this.#parts.clock.now()
    return this.#parts.broadcaster.broadcastMaintenanceNotification(
      type,
      at,
      duration_minutes,
      services,
      { message, ...askedBy(context) },
    )
  }

  general = async (context: With<typeof GeneralBody>) => {
    const { user_id: user, role = null, title, message, type, priority, data } = context.payload
    const { broadcaster } = this.#parts
    const asked = askedBy(context)
    if (user == null) {
      const notice = { role, title, message, priority, data: { ...data, notification_type: type } }
      return broadcaster.broadcast(adminNotice(notice), asked)
    }
    const words = messageOf({ title, message, type, priority, data })
    return broadcaster.broadcastToUser(user, words, asked)
  }

  status = async ({ query }: Context) => {
    const { verify } = query as z.output<typeof StatusQuery>
    const { broadcastStatus } = this.#parts
    const state = await broadcastStatus.state()
    if (verify === undefined) return state
    return { ...state, checks: await broadcastStatus.check(verify === 'all') }
  }

  log = async ({ query }: Context) => {
    const { limit } = query as z.output<typeof LogQuery>
    return { data: await this.#parts.broadcastLog.list(limit), next_cursor: null }
  }

  test = async (context: With<typeof TestBroadcastBody>) => {
    const { broadcaster, clock } = this.#parts
    const { type, count } = context.payload
    const asked = askedBy(context)
    const sent = await Promise.all(
      Array.from({ length: count }, (_, index) => {
        const sample = sampleBroadcast(type, index + 1, clock.now())
        // Each is a message of its own, though one request asked for all.
        const target = `${asked.identity.target}#${index}`
        const identity = { ...asked.identity, id: index === 0 ? asked.identity.id : null, target }
        return broadcaster.broadcast(sample, { ...asked, identity })
      }),
    )
    return { status: 'test_queued', type, count, broadcasts: sent }
  }
}

function askedBy(context: Context<unknown, unknown>): Asked {
  const { principal } = context
  const source = principal === null ? context.peer : `${principal.via}:${principal.id}`
  return { identity: identityOf(context), source }
}
