import type { DeliveryJob } from '../deliveries/delivery-job.ts'
import { parsePhoneNumber } from '../directory/phone-number.ts'
import { planOf } from '../telephone/phone-country.ts'
import type { SmsConsent } from '../telephone/sms-consent.ts'
import type { PhoneContent } from './bundle.ts'
import type { Provider, SendOutcome } from './channel.ts'

interface Parts {
  readonly provider: Provider<PhoneContent>
  /** ISO codes of the countries that may be written to or called; `null`: all. */
  readonly countries: readonly string[] | null
  readonly consent: Pick<SmsConsent, 'find'>
}

/** Decides whether a number may be written to or called at all: its country, premium ranges, a STOP. */
export class PhoneGate implements Provider<PhoneContent> {
  readonly name: string
  readonly #parts: Parts

  constructor(parts: Parts) {
    this.name = parts.provider.name
    this.#parts = parts
  }

  async send(job: DeliveryJob<PhoneContent>, signal: AbortSignal): Promise<SendOutcome> {
    const phone = parsePhoneNumber(job.phone)
    if (phone === null) return { status: 'failed', reason: 'the address is no telephone number' }
    const reason = await this.#reasonAgainst(job.channel, phone)
    if (reason !== null) return { status: 'skipped', reason }
    return this.#parts.provider.send(job, signal)
  }

  async close(): Promise<void> {
    await this.#parts.provider.close?.()
  }

  async #reasonAgainst(channel: string, phone: string): Promise<string | null> {
    const { countries, consent } = this.#parts
    const { country, isPremium } = planOf(phone)
    if (isPremium) return 'premium_number'
    if (countries !== null && (country === null || !countries.includes(country))) {
      return `country_not_allowed: ${country ?? 'none'}`
    }
    const isStopped = channel === 'sms' && (await consent.find(phone)) !== null
    return isStopped ? 'opted_out' : null
  }
}
