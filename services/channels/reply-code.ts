import { parsePhoneNumber } from '../directory/phone-number.ts'
import type { ReplyCodes } from '../telephone/reply-codes.ts'
import type { PhoneContent, PhoneText } from './bundle.ts'
import type { Provider } from './channel.ts'
import { shorten } from './http/post-message.ts'
import { MOST_SMS_CHARACTERS } from './sms-segments.ts'

/** The same provider for text messages, with the code that answers each alert in them. */
export function withReplyCode(
  provider: Provider<PhoneContent>,
  codes: ReplyCodes,
): Provider<PhoneContent> {
  return {
    ...{ name: provider.name },
    ...(provider.verify ? { verify: () => provider.verify!() } : {}),
    ...(provider.close ? { close: () => provider.close!() } : {}),
    async send(job, signal) {
      const phone = parsePhoneNumber(job.phone)
      if (phone === null) return provider.send(job, signal)
      const texts: string[] = []
      for (const text of job.texts ?? [job]) texts.push(await coded(text, phone, codes))
      return provider.send({ ...job, message: texts.join('\n\n') }, signal)
    },
  }
}

/** News of an alert asks for no answer. */
async function coded(
  { message, alert_id, alert_ids, alert_source = '', alert_update = false, user_id }: PhoneText,
  phone: string,
  codes: ReplyCodes,
): Promise<string> {
  if (alert_id === undefined || alert_update) return message
  const together = alert_ids === undefined ? {} : { alert_ids }
  const code = await codes.codeFor(phone, { alert_id, ...together, user_id })
  const which = alert_ids === undefined ? '' : ' all of them'
  // Where it is, if the words do not say so.
  const place = message.includes(alert_source) ? '' : `\nFrom ${alert_source}.`
  const answer = `${place}\n\nReply ${code}a to acknowledge${which}, ${code}c to close.`
  return shorten(message, MOST_SMS_CHARACTERS - answer.length) + answer
}
