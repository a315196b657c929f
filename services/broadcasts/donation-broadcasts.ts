import { adminRole, money, type NamedBroadcast } from './named-broadcast.ts'

/** A gift as the broadcasts speak of it. */
export interface Donation {
  readonly id: string
  readonly amount: number
  readonly currency: string
  /** `null`: unknown, or he does not want to be named. */
  readonly donorName: string | null
  readonly campaignId: string | null
  readonly campaignTitle: string | null
  readonly organizationId: string | null
}

/** A payment that did not go through. */
export interface FailedPayment {
  readonly id: string
  readonly donationId: string | null
  readonly amount: number
  readonly currency: string
  readonly reason: string
  readonly campaignId: string | null
}

/** A gift of at least `threshold`: for the dashboard and for those who look after money. */
export function largeDonation(donation: Donation, threshold: number): NamedBroadcast {
  const { id, amount, currency, donorName, campaignTitle } = donation
  const roles = ['csr_admin', 'finance_admin']
  const to = campaignTitle === null ? '' : ` to ${campaignTitle}`
  return {
    kind: 'large-donation',
    event: 'donation.large',
    channels: ['admin-dashboard', ...roles.map(adminRole)],
    title: 'Large donation',
    message: `${donorName ?? 'Somebody'} gave ${money(amount, currency)}${to}.`,
    priority: 'normal',
    isCritical: false,
    roles,
    data: {
      donation_id: id,
      amount,
      currency,
      threshold,
      donor_name: donorName,
      campaign_id: donation.campaignId,
      campaign_title: campaignTitle,
      organization_id: donation.organizationId,
    },
  }
}

export function paymentFailed(payment: FailedPayment): NamedBroadcast {
  const { id, donationId, amount, currency, reason, campaignId } = payment
  return {
    kind: 'payment-failed',
    event: 'payment.failed',
    channels: ['payment-notifications', adminRole('finance_admin')],
    title: 'Payment failed',
    message: `A payment of ${money(amount, currency)} failed: ${reason}.`,
    priority: 'high',
    isCritical: false,
    roles: ['finance_admin'],
    data: {
      payment_id: id,
      donation_id: donationId,
      amount,
      currency,
      reason,
      campaign_id: campaignId,
    },
  }
}
