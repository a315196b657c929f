import { messageOf } from '../../src/index.ts'
import type { SendOutcome } from './channel.ts'
import { TwilioRefusal, TwilioSilence } from './twilio-account.ts'

/** The number does not want to hear from us any more (Twilio's error dictionary). */
export const UNSUBSCRIBED = 21610

const BAD_CREDENTIALS = 20003
/** Too many requests, too many messages at once, a queue that is full. */
const TRY_AGAIN = [20429, 14107, 21611, 30001]

/**
 * What became of a message or call that Twilio did not simply take. 429 and 5xx
 * are worth another try; everything else that it says is for good: no number
 * (21211), unsubscribed (21610), no mobile (21614), a country that is switched
 * off (21408). A request whose answer was lost may have been done, and a second
 * one costs money and rings twice: it is `uncertain`. Rethrows what is neither.
 */
export function twilioOutcome(error: unknown): SendOutcome {
  const reason = messageOf(error)
  if (error instanceof TwilioSilence) {
    return error.wasSent
      ? { status: 'uncertain', reason: `sent, but the answer was lost: ${reason}` }
      : { status: 'unreachable', reason }
  }
  if (!(error instanceof TwilioRefusal)) throw error
  if (isBadCredentials(error)) {
    return { status: 'unreachable', reason: `bad_credentials: ${reason}` }
  }
  const { status, code, retryAfterMs } = error
  if (status === 429 || status >= 500 || TRY_AGAIN.includes(code ?? 0)) {
    return { status: 'retry', reason, ...(retryAfterMs === null ? {} : { retryAfterMs }) }
  }
  return { status: 'failed', reason }
}

function isBadCredentials({ status, code }: TwilioRefusal): boolean {
  return status === 401 || code === BAD_CREDENTIALS
}
