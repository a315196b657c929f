import type { Clock } from '../../src/index.ts'
import type { DeliveryJob } from '../deliveries/delivery-job.ts'
import { parsePhoneNumber } from '../directory/phone-number.ts'
import type { SmsConsent } from '../telephone/sms-consent.ts'
import type { PhoneContent } from './bundle.ts'
import type { Provider, SendOutcome } from './channel.ts'
import { shorten } from './http/post-message.ts'
import type { Lockout } from './lockout.ts'
import { MOST_SMS_CHARACTERS, smsSize } from './sms-segments.ts'
import type { TwilioAccount } from './twilio-account.ts'
import { TwilioRefusal } from './twilio-account.ts'
import { twilioOutcome, UNSUBSCRIBED } from './twilio-outcome.ts'

/** What cannot be delivered within four hours is not sent any more (Twilio's own default). */
const MOST_VALID_SECONDS = 14_400
const LEAST_VALID_SECONDS = 60

interface Parts {
  readonly account: TwilioAccount
  readonly lockout: Lockout<SendOutcome>
  /** A number or sender name; `null` where a messaging service chooses one. */
  readonly from: string | null
  readonly messagingServiceSid: string | null
  /** Where Twilio tells what becomes of a message; `null`: nowhere that it could reach. */
  readonly statusUrl: string | null
  readonly consent: Pick<SmsConsent, 'optOut'>
  readonly clock: Clock
}

/** Text messages by Twilio. */
export class TwilioSms implements Provider<PhoneContent> {
  readonly name = 'twilio'
  readonly #parts: Parts

  constructor(parts: Parts) {
    this.#parts = parts
  }

  async send(job: DeliveryJob<PhoneContent>, signal: AbortSignal): Promise<SendOutcome> {
    const { account, lockout } = this.#parts
    const to = parsePhoneNumber(job.phone)
    if (to === null) return { status: 'failed', reason: 'the address is no telephone number' }
    if (lockout.outcome !== null) return lockout.outcome
    const message = this.#messageFor(job, to)
    try {
      const { sid } = await account.ask((client) => client.messages.create(message), signal)
      const { segments } = smsSize(message.body)
      return { status: 'sent', ...(sid ? { id: sid } : {}), detail: `${segments} segments` }
    } catch (error) {
      if (error instanceof TwilioRefusal && error.code === UNSUBSCRIBED) {
        await this.#parts.consent.optOut(to, { userId: job.user_id, source: 'provider' })
      }
      return lockout.after(twilioOutcome(error))
    }
  }

  async close(): Promise<void> {
    await this.#parts.account.close()
  }

  #messageFor(job: DeliveryJob<PhoneContent>, to: string) {
    const { from, messagingServiceSid, statusUrl, clock } = this.#parts
    const left = job.expires_at === null ? MOST_VALID_SECONDS : job.expires_at - clock.now() / 1000
    const validityPeriod = Math.min(MOST_VALID_SECONDS, Math.max(LEAST_VALID_SECONDS, left))
    return {
      to,
      body: shorten(job.message, MOST_SMS_CHARACTERS),
      ...(messagingServiceSid === null || job.from !== undefined
        ? { from: job.from ?? from ?? '' }
        : { messagingServiceSid }),
      validityPeriod: Math.round(validityPeriod),
      ...(statusUrl === null ? {} : { statusCallback: deliveriesIn(statusUrl, job) }),
    }
  }
}

/** A hook's URL that says of which deliveries it will speak. */
export function deliveriesIn(url: string, job: DeliveryJob<PhoneContent>): string {
  const ids = job.bundle ?? [job.id]
  return `${url}?${ids.map((id) => `delivery=${encodeURIComponent(id)}`).join('&')}`
}
