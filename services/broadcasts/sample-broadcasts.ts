import { campaignMilestone } from './campaign-broadcasts.ts'
import { largeDonation } from './donation-broadcasts.ts'
import type { NamedBroadcast } from './named-broadcast.ts'
import { maintenance, securityAlert } from './system-broadcasts.ts'

/** What a test may broadcast. */
export const SAMPLES = ['donation', 'campaign', 'security', 'maintenance'] as const
export type Sample = (typeof SAMPLES)[number]

/** A broadcast to look at: marked as a test, kept in nobody's inbox. `now` in epoch milliseconds. */
export function sampleBroadcast(sample: Sample, number: number, now: number): NamedBroadcast {
  const named = makeSample(sample, number, now)
  return {
    ...named,
    title: `Test: ${named.title}`,
    roles: [],
    data: { ...named.data, test: true },
  }
}

function makeSample(sample: Sample, number: number, now: number): NamedBroadcast {
  const campaign = {
    id: 'test',
    title: 'A test campaign',
    organizationId: null,
    goal: 10_000,
    currency: 'EUR',
  }
  switch (sample) {
    case 'donation': {
      const donation = {
        id: `test-${number}`,
        amount: 5000,
        currency: 'EUR',
        donorName: 'A tester',
      }
      const of = { campaignId: campaign.id, campaignTitle: campaign.title, organizationId: null }
      return largeDonation({ ...donation, ...of }, 1000)
    }
    case 'campaign':
      return campaignMilestone(campaign, '50', 5000)
    case 'security': {
      const details = { attempt: number, address: '192.0.2.1' }
      return securityAlert('unauthorized_access', 'A test: nobody came in.', 'high', details)
    }
    case 'maintenance': {
      const services = ['api', 'dashboard']
      const news = { stage: 'scheduled', scheduledFor: now + 3_600_000 } as const
      return maintenance({ ...news, durationMinutes: 120, services, message: null }, [
        'system-maintenance',
      ])
    }
  }
}
