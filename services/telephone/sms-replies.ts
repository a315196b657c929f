import { asBelfryError } from '../../src/index.ts'
import { replyScript } from '../channels/voice-script.ts'
import type { LastSms, SmsConsent } from './sms-consent.ts'

/** A text message that somebody sent us. */
export interface IncomingSms {
  /** Twilio's own name for it, the same when it tells us of it again; `null`: it has none. */
  readonly id: string | null
  /** E.164. */
  readonly from: string
  readonly text: string
  /** What Twilio made of it, where a messaging service looks after opt-outs. */
  readonly optOut: 'STOP' | 'START' | 'HELP' | null
}

/**
 * Answers what is neither STOP nor START; `last` is what the number was told
 * before. `null`: says nothing.
 */
export type AnswerSms = (sms: IncomingSms, last: LastSms | null) => Promise<string | null>

/** The words that carriers require to be obeyed (CTIA Messaging Principles §5.1.3). */
const STOP = ['STOP', 'STOPALL', 'UNSUBSCRIBE', 'CANCEL', 'END', 'QUIT', 'REVOKE', 'OPTOUT']
const START = ['START', 'UNSTOP', 'YES']

interface Parts {
  readonly consent: SmsConsent
  readonly answer?: AnswerSms
}

/** What text messages to us mean. */
export class SmsReplies {
  readonly #parts: Parts

  constructor(parts: Parts) {
    this.#parts = parts
  }

  /** Does what a message asks for; resolves to the answer, as TwiML. */
  async receive(sms: IncomingSms): Promise<string> {
    return replyScript(await this.#answer(sms))
  }

  async #answer(sms: IncomingSms): Promise<string | null> {
    const { consent, answer } = this.#parts
    const word = sms.optOut ?? sms.text.trim().toUpperCase()
    if (STOP.includes(word)) {
      // The carrier or Twilio confirms it; another message would be one too many.
      await consent.optOut(sms.from, { userId: null, source: 'reply' })
      return null
    }
    if (START.includes(word)) {
      await consent.optIn(sms.from)
      return null
    }
    if (answer === undefined) return null
    try {
      return await answer(sms, await consent.last(sms.from))
    } catch (error) {
      // Nobody tries again but the person, who must know.
      if (!asBelfryError(error).retryable) throw error
      return 'That could not be done at this moment. Send it again in a minute.'
    }
  }
}
