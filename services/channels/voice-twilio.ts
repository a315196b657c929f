import type { DeliveryJob } from '../deliveries/delivery-job.ts'
import { parsePhoneNumber } from '../directory/phone-number.ts'
import type { PhoneContent } from './bundle.ts'
import type { Provider, SendOutcome } from './channel.ts'
import type { Lockout } from './lockout.ts'
import { deliveriesIn } from './sms-twilio.ts'
import type { TwilioAccount } from './twilio-account.ts'
import { twilioOutcome } from './twilio-outcome.ts'
import { callScript } from './voice-script.ts'

const RING_SECONDS = 30

interface Parts {
  readonly account: TwilioAccount
  readonly lockout: Lockout<SendOutcome>
  /** The number that calls. */
  readonly from: string
  /** Where pressed keys and the call's end are told; `null`: nowhere that Twilio could reach. */
  readonly hooks: { readonly voice: string; readonly status: string } | null
}

/** Calls that read a message out, by Twilio. */
export class TwilioVoice implements Provider<PhoneContent> {
  readonly name = 'twilio'
  readonly #parts: Parts

  constructor(parts: Parts) {
    this.#parts = parts
  }

  async send(job: DeliveryJob<PhoneContent>, signal: AbortSignal): Promise<SendOutcome> {
    const { account, lockout, from, hooks } = this.#parts
    const to = parsePhoneNumber(job.phone)
    if (to === null) return { status: 'failed', reason: 'the address is no telephone number' }
    if (lockout.outcome !== null) return lockout.outcome
    const keysUrl = hooks === null ? null : deliveriesIn(hooks.voice, job)
    const call = {
      ...{ to, from, timeout: RING_SECONDS },
      twiml: callScript({
        message: job.message,
        isAlert: job.alert_id !== undefined,
        keysUrl,
      }),
      ...(hooks === null ? {} : { statusCallback: deliveriesIn(hooks.status, job) }),
    }
    try {
      const { sid } = await account.ask((client) => client.calls.create(call), signal)
      return { status: 'sent', ...(sid ? { id: sid } : {}) }
    } catch (error) {
      return lockout.after(twilioOutcome(error))
    }
  }

  async close(): Promise<void> {
    await this.#parts.account.close()
  }
}
