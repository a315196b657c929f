import type { DeliveryJob } from '../deliveries/delivery-job.ts'
import type { PhoneBudget } from '../telephone/phone-budget.ts'
import type { SmsConsent } from '../telephone/sms-consent.ts'
import { alertsIn, type PhoneContent } from './bundle.ts'
import type { Provider, SendOutcome } from './channel.ts'
import { kindOf } from './destination-limits.ts'
import { smsSize } from './sms-segments.ts'

interface Parts {
  readonly provider: Provider<PhoneContent>
  readonly budget: PhoneBudget
  readonly consent: Pick<SmsConsent, 'remember'>
}

/** Outcomes after which a message may be on its way. */
const MAY_ARRIVE = ['sent', 'delivered', 'uncertain']

/** Counts what is about to be sent against the budgets, and keeps what a number was told last. */
export class PhoneMeter implements Provider<PhoneContent> {
  readonly name: string
  readonly #parts: Parts

  constructor(parts: Parts) {
    this.name = parts.provider.name
    this.#parts = parts
  }

  async send(job: DeliveryJob<PhoneContent>, signal: AbortSignal): Promise<SendOutcome> {
    const { provider, consent } = this.#parts
    const reason = await this.#reasonAgainst(job)
    if (reason !== null) return { status: 'skipped', reason }
    const outcome = await provider.send(job, signal)
    // News of an alert asks for no answer: what was asked before stays what an answer is about.
    const isAsking = job.channel === 'sms' && job.alert_update !== true
    if (isAsking && MAY_ARRIVE.includes(outcome.status)) {
      const { phone, user_id, notification_id } = job
      const alert_ids = (job.texts ?? [job]).flatMap(alertsIn)
      // It is out: a note that cannot be kept must not send it again.
      await consent.remember(phone, { user_id, notification_id, alert_ids }).catch(() => undefined)
    }
    return outcome
  }

  async close(): Promise<void> {
    await this.#parts.provider.close?.()
  }

  async #reasonAgainst(job: DeliveryJob<PhoneContent>): Promise<string | null> {
    const { phone, channel, message, history } = job
    // What was counted at an earlier try is not counted again.
    if (history.some(({ outcome }) => outcome !== 'postponed')) return null
    const { segments } = channel === 'sms' ? smsSize(message) : { segments: 1 }
    return this.#parts.budget.take(phone, { channel, kind: kindOf(job), segments })
  }
}
