import type { z } from 'zod'
import {
  ApprovalBody,
  ComplianceBody,
  campaignOf,
  donationOf,
  LargeDonationBody,
  MilestoneBody,
  PaymentFailedBody,
  ProgressBody,
  paymentOf,
  SecurityAlertBody,
} from '../controllers/broadcast-fields.ts'
import {
  approvalNeeded,
  campaignMilestone,
  campaignProgress,
} from '../services/broadcasts/campaign-broadcasts.ts'
import { largeDonation, paymentFailed } from '../services/broadcasts/donation-broadcasts.ts'
import type { DomainEvents, MakeBroadcast } from '../services/broadcasts/event-broadcasts.ts'
import { complianceIssue, securityAlert } from '../services/broadcasts/system-broadcasts.ts'
import { validate } from '../src/index.ts'

/** Domain events that are broadcast, by their dotted names and by those of the seed. */
export function domainEvents(): DomainEvents {
  const donation = made(LargeDonationBody, (it) => largeDonation(donationOf(it), it.threshold))
  const milestone = made(MilestoneBody, (it) =>
    campaignMilestone(campaignOf(it), it.milestone, it.amount),
  )
  const approval = made(ApprovalBody, (it) =>
    approvalNeeded(campaignOf(it), it.requested_by ?? null),
  )
  const payment = made(PaymentFailedBody, (it) => paymentFailed(paymentOf(it)))
  return new Map([
    ['donation.large', donation],
    ['LargeDonationReceivedEvent', donation],
    ['campaign.milestone', milestone],
    ['CampaignMilestoneEvent', milestone],
    ['campaign.approval_needed', approval],
    ['CampaignApprovalNeededEvent', approval],
    ['payment.failed', payment],
    ['PaymentFailedEvent', payment],
    [
      'campaign.progress',
      made(ProgressBody, (it) => campaignProgress(campaignOf(it), it.amount, it.donors ?? null)),
    ],
    [
      'security.alert',
      made(SecurityAlertBody, (it) =>
        securityAlert(it.alert_type, it.message, it.severity, it.details),
      ),
    ],
    [
      'compliance.issue',
      made(ComplianceBody, (it) =>
        complianceIssue(it.issue_type, it.message, it.severity, it.details),
      ),
    ],
  ])
}

/** Throws `InvalidPayload` where the event does not carry what its broadcast says. */
function made<Schema extends z.ZodType>(
  schema: Schema,
  make: (payload: z.output<Schema>) => ReturnType<MakeBroadcast>,
): MakeBroadcast {
  return (payload) => make(validate(schema, payload, 'The event'))
}
