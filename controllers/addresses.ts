import { z } from 'zod'
import { parseEmailAddress } from '../services/directory/email-address.ts'
import { parsePhoneNumber } from '../services/directory/phone-number.ts'

/** Exactly one e-mail address; `message` is said where there is none. Output: its domain in ASCII. */
export function email(message = 'email is required') {
  return z
    .string({ error: (issue) => (issue.input == null ? message : 'must be text') })
    .transform((text, check) => {
      const address = parseEmailAddress(text)
      if (address !== null) return address
      check.addIssue({
        code: 'custom',
        message: text === '' ? message : 'must be one e-mail address, such as ada@example.com',
      })
      return z.NEVER
    })
}

/** A telephone number in international form; `message` is said where there is none. Output: E.164. */
export function phone(message = 'phone is required') {
  return z
    .string({ error: (issue) => (issue.input == null ? message : 'must be text') })
    .transform((text, check) => {
      const number = parsePhoneNumber(text)
      if (number !== null) return number
      check.addIssue({
        code: 'custom',
        message: text === '' ? message : 'must be a telephone number such as +12025550123',
      })
      return z.NEVER
    })
}

/** Schemes that name a vendor behind the `webhook` channel; `+http` is for hosts without TLS. */
const WEBHOOK_SCHEMES =
  /^(https?|telegram|pushover|pagerduty|(ntfy|gotify|mattermost|apprise|teams)(\+http)?)$/

/** Where Slack takes messages: a webhook, or `slack://` and a channel. */
export function slackUrl() {
  return z.url({ protocol: /^(https?|slack)$/, error: 'must be an https or slack:// address' })
}

/** Where Discord takes messages. */
export function discordUrl() {
  return z.url({ protocol: /^https?$/, error: 'must be an http or https address' })
}

/** Where the `webhook` channel posts to: a URL, or an address whose scheme names a vendor. */
export function webhookUrl() {
  const error = 'must be an https address, or ntfy://… and its like'
  return z.url({ protocol: WEBHOOK_SCHEMES, error })
}
