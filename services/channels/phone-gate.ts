import type { DeliveryJob } from '../delivery-job.ts'
import type { PhoneBudget } from '../phone-budget.ts'
import { planOf } from '../phone-country.ts'
import { parsePhoneNumber } from '../phone-number.ts'
import type { SmsConsent } from '../sms-consent.ts'
import type { PhoneContent } from './bundle.ts'
import type { Provider, SendOutcome } from './channel.ts'
import { smsSize } from './sms-segments.ts'

interface Parts {
  readonly provider: Provider<PhoneContent>
  /** ISO codes of the countries that may be written to or called; `null`: all. */
  readonly countries: readonly string[] | null
  readonly budget: PhoneBudget
  readonly consent: Pick<SmsConsent, 'find' | 'remember'>
}

/** Outcomes after which a message may be on its way. */
const MAY_ARRIVE = ['sent', 'delivered', 'uncertain']

/**
 * Decides whether a number may be written to or called at all, before it costs
 * anything: its country, premium ranges, a STOP that it sent, the budgets.
 */
export class PhoneGate implements Provider<PhoneContent> {
  readonly name: string
  readonly #parts: Parts

  constructor(parts: Parts) {
    this.name = parts.provider.name
    this.#parts = parts
  }

  async send(job: DeliveryJob<PhoneContent>, signal: AbortSignal): Promise<SendOutcome> {
    const { provider, consent } = this.#parts
    const phone = parsePhoneNumber(job.phone)
    if (phone === null) return { status: 'failed', reason: 'the address is no telephone number' }
    const reason = await this.#reasonAgainst(job, phone)
    if (reason !== null) return { status: 'skipped', reason }
    const outcome = await provider.send(job, signal)
    if (job.channel === 'sms' && MAY_ARRIVE.includes(outcome.status)) {
      const { user_id, notification_id, alert_id = null } = job
      // It is out: a note that cannot be kept must not send it again.
      await consent.remember(phone, { user_id, notification_id, alert_id }).catch(() => undefined)
    }
    return outcome
  }

  async verify(): Promise<void> {
    await this.#parts.provider.verify?.()
  }

  async close(): Promise<void> {
    await this.#parts.provider.close?.()
  }

  async #reasonAgainst(job: DeliveryJob<PhoneContent>, phone: string): Promise<string | null> {
    const { countries, consent, budget } = this.#parts
    const { country, isPremium } = planOf(phone)
    if (isPremium) return 'premium_number'
    if (countries !== null && (country === null || !countries.includes(country))) {
      return `country_not_allowed: ${country ?? 'none'}`
    }
    if (job.channel === 'sms' && (await consent.find(phone)) !== null) return 'opted_out'
    // What was counted at an earlier try is not counted again.
    if (job.history.some(({ outcome }) => outcome !== 'postponed')) return null
    const kind = job.alert_id === undefined ? 'other' : 'alert'
    const { segments } = job.channel === 'sms' ? smsSize(job.message) : { segments: 1 }
    return budget.take(phone, { channel: job.channel, kind, segments })
  }
}
