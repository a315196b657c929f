import { z } from 'zod'
import type { Campaign } from '../services/broadcasts/campaign-broadcasts.ts'
import type { Donation, FailedPayment } from '../services/broadcasts/donation-broadcasts.ts'
import { SEVERITIES } from '../services/broadcasts/system-broadcasts.ts'
import { idempotencyKey, moment, priority, requiredText, safeId, userId } from './fields.ts'
import { maintenanceFields } from './maintenance-fields.ts'

const amount = z.number({ error: 'amount is required: a number' }).nonnegative()
const currency = z
  .string()
  .regex(/^[A-Z]{3}$/, 'must be three capital letters, such as EUR')
  .default('EUR')
const title = (what: string) => requiredText(`${what} is required`, 200)
const details = z.record(z.string(), z.unknown()).default({})
const id = (what: string) =>
  z.preprocess((value) => (typeof value === 'number' ? String(value) : value), safeId(what))
const common = { idempotency_key: idempotencyKey() }

export const LargeDonationBody = z.object({
  ...common,
  donation_id: id('donation_id'),
  amount,
  currency,
  threshold: z.number().nonnegative().default(0),
  donor_name: z.string().max(200).nullish(),
  /** Then nobody is named. */
  is_anonymous: z.boolean().default(false),
  campaign_id: id('campaign_id').nullish(),
  campaign_title: z.string().max(200).nullish(),
  organization_id: id('organization_id').nullish(),
})

export const PaymentFailedBody = z.object({
  ...common,
  payment_id: id('payment_id'),
  donation_id: id('donation_id').nullish(),
  amount,
  currency,
  reason: requiredText('reason is required', 1000),
  campaign_id: id('campaign_id').nullish(),
})

const campaign = {
  ...common,
  campaign_id: id('campaign_id'),
  campaign_title: title('campaign_title'),
  organization_id: id('organization_id').nullish(),
  goal: z.number().nonnegative().nullish(),
  currency,
}

export const MilestoneBody = z.object({
  ...campaign,
  /** In per cent: `"50"`, or 50. */
  milestone: z.union([z.string().min(1).max(20), z.number()]).transform(String),
  amount,
})
export const ProgressBody = z.object({
  ...campaign,
  amount,
  donors: z.number().int().nonnegative().nullish(),
})
export const ApprovalBody = z.object({
  ...campaign,
  requested_by: z.string().max(200).nullish(),
})

export const SecurityAlertBody = z.object({
  ...common,
  alert_type: requiredText('alert_type is required, such as unauthorized_access', 128),
  message: requiredText('message is required', 4000),
  severity: z
    .enum(SEVERITIES, { error: `must be one of ${SEVERITIES.join(', ')}` })
    .default('high'),
  details,
})

export const ComplianceBody = z.object({
  ...common,
  issue_type: requiredText('issue_type is required', 128),
  message: requiredText('message is required', 4000),
  severity: z
    .enum(SEVERITIES, { error: `must be one of ${SEVERITIES.join(', ')}` })
    .default('high'),
  details,
})

export const MaintenanceNewsBody = z.object({
  ...common,
  ...maintenanceFields,
  /** Now, where nothing is said. */
  scheduled_for: moment().nullish(),
})

export const GeneralBody = z
  .object({
    ...common,
    user_id: userId().nullish(),
    role: z.enum(['super_admin', 'csr_admin', 'finance_admin', 'hr_manager']).nullish(),
    message: requiredText('message is required', 4000),
    title: z.string().min(1).max(200).default('Notification'),
    type: z.string().min(1).max(64).default('info'),
    priority: priority(),
    data: details,
  })
  .refine((body) => body.user_id == null || body.role == null, {
    path: ['role'],
    message: 'either user_id or role, not both',
  })

export function donationOf(body: z.output<typeof LargeDonationBody>): Donation {
  return {
    id: body.donation_id,
    amount: body.amount,
    currency: body.currency,
    donorName: body.is_anonymous ? null : (body.donor_name ?? null),
    campaignId: body.campaign_id ?? null,
    campaignTitle: body.campaign_title ?? null,
    organizationId: body.organization_id ?? null,
  }
}

export function paymentOf(body: z.output<typeof PaymentFailedBody>): FailedPayment {
  return {
    id: body.payment_id,
    donationId: body.donation_id ?? null,
    amount: body.amount,
    currency: body.currency,
    reason: body.reason,
    campaignId: body.campaign_id ?? null,
  }
}

type CampaignBody = Omit<z.output<typeof ApprovalBody>, 'requested_by'>

export function campaignOf(body: CampaignBody): Campaign {
  return {
    id: body.campaign_id,
    title: body.campaign_title,
    organizationId: body.organization_id ?? null,
    goal: body.goal ?? null,
    currency: body.currency,
  }
}
