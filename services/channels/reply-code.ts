import { parsePhoneNumber } from '../directory/phone-number.ts'
import type { ReplyCodes } from '../telephone/reply-codes.ts'
import type { PhoneContent } from './bundle.ts'
import type { Provider } from './channel.ts'

/** The same provider for text messages, those about alerts with the code that answers them. */
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
      const { alert_id, user_id } = job
      if (phone === null || alert_id === undefined) return provider.send(job, signal)
      const code = await codes.codeFor(phone, { alert_id, user_id })
      const message = `${job.message}\n\nReply ${code}a to acknowledge, ${code}c to close.`
      return provider.send({ ...job, message }, signal)
    },
  }
}
