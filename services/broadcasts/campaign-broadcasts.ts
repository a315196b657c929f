import { escapeId } from '../../src/index.ts'
import { adminRole, money, type NamedBroadcast } from './named-broadcast.ts'

/** A campaign as the broadcasts speak of it. */
export interface Campaign {
  readonly id: string
  readonly title: string
  readonly organizationId: string | null
  /** What it wants to raise; `null`: unknown. */
  readonly goal: number | null
  readonly currency: string
}

/** A share of the goal is reached: `milestone` in per cent, as the seed writes it (`'50'`). */
export function campaignMilestone(
  campaign: Campaign,
  milestone: string,
  amount: number,
): NamedBroadcast {
  const { title, currency } = campaign
  return {
    kind: 'campaign-milestone',
    event: 'campaign.milestone',
    channels: ['admin-dashboard', ...ownChannels(campaign)],
    title: 'Campaign milestone',
    message: `${title} has reached ${milestone} % of its goal: ${money(amount, currency)}.`,
    priority: 'normal',
    isCritical: false,
    roles: ['csr_admin'],
    data: { ...fieldsOf(campaign), milestone, amount },
  }
}

/** How far a campaign has come: shown where somebody looks, kept nowhere. */
export function campaignProgress(
  campaign: Campaign,
  amount: number,
  donors: number | null,
): NamedBroadcast {
  const { title, goal, currency } = campaign
  const percent = goal === null || goal === 0 ? null : Math.floor((amount / goal) * 100)
  return {
    kind: 'campaign-progress',
    event: 'campaign.progress',
    channels: ['admin-dashboard', ...ownChannels(campaign)],
    title: 'Campaign progress',
    message: `${title} stands at ${money(amount, currency)}.`,
    priority: 'low',
    isCritical: false,
    roles: [],
    data: { ...fieldsOf(campaign), amount, percent, donors },
  }
}

/** A campaign waits for somebody to approve it. */
export function approvalNeeded(campaign: Campaign, requestedBy: string | null): NamedBroadcast {
  const roles = ['super_admin', 'csr_admin']
  const by = requestedBy === null ? '' : `, asked for by ${requestedBy}`
  return {
    kind: 'approval-needed',
    event: 'campaign.approval_needed',
    channels: ['admin-dashboard', ...roles.map(adminRole)],
    title: 'Approval needed',
    message: `${campaign.title} waits for approval${by}.`,
    priority: 'high',
    isCritical: false,
    roles,
    data: { ...fieldsOf(campaign), requested_by: requestedBy },
  }
}

function fieldsOf({ id, title, organizationId, goal, currency }: Campaign) {
  return {
    campaign_id: id,
    campaign_title: title,
    organization_id: organizationId,
    goal,
    currency,
  }
}

/** Where those listen whom the campaign concerns. */
function ownChannels({ id, organizationId }: Campaign): string[] {
  const own = [`private-campaign.${escapeId(id)}`]
  return organizationId === null
    ? own
    : [...own, `private-organization.${escapeId(organizationId)}`]
}
