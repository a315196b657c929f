import type { DeliveryJob } from '../deliveries/delivery-job.ts'
import type { EmailContent } from './email-content.ts'

/** What a text message's or a call's job holds. */
export interface PhoneContent {
  readonly phone: string
  readonly message: string
  /** A sender other than the configured one; never taken from a payload. */
  readonly from?: string
  /** Of which alert it speaks. */
  readonly alert_id?: string
  /** Whether it says what became of the alert. */
  readonly alert_update?: boolean
  /** The ids of the deliveries that one message stands for, its own included. */
  readonly bundle?: readonly string[]
}

/**
 * Makes one message of as many jobs for the same address as fit, from the first
 * on; answers with it and how many it took, at least one.
 */
export type Merge<Content extends object> = (
  jobs: readonly [DeliveryJob<Content>, ...DeliveryJob<Content>[]],
) => { readonly job: DeliveryJob<Content>; readonly taken: number }

/** Ten parts of a text message; more Twilio does not take. */
const SMS_CHARACTERS = 1600
/** About two minutes of talking. */
const VOICE_CHARACTERS = 1500
const MOST_MAILS = 50

/** Text messages, one under the other. */
export const mergeSms: Merge<PhoneContent> = (jobs) => mergeTexts(jobs, '\n\n', SMS_CHARACTERS)

/** Messages to be read out, one after the other. */
export const mergeVoice: Merge<PhoneContent> = (jobs) =>
  mergeTexts(jobs, '. Next message: ', VOICE_CHARACTERS)

/** Plain mails as one that has them one under the other; anything richer goes alone. */
export const mergeEmail: Merge<EmailContent> = (jobs) => {
  const [first] = jobs
  const plain = jobs.slice(0, MOST_MAILS)
  const end = plain.findIndex((job) => !isPlain(job))
  const taken = Math.max(1, end === -1 ? plain.length : end)
  if (taken === 1) return { job: first, taken }
  const parts = jobs.slice(0, taken).map(({ subject, body }) => `${subject}\n\n${body}`)
  const subject = `${taken} notifications: ${first.subject}`
  const actions = jobs.slice(0, taken).flatMap(acknowledging)
  const job = { ...first, subject, body: parts.join('\n\n—\n\n'), actions }
  return { job, taken }
}

/** Of several alerts in one mail each keeps its button. */
function acknowledging({ subject, actions = [] }: EmailContent) {
  return actions
    .filter(({ type }) => type === 'ack')
    .map((action) => ({ ...action, label: `${action.label} ${subject}` }))
}

function isPlain({ html_body, cc, bcc, attachments, mail, pending }: EmailContent): boolean {
  const lists = [cc, bcc, attachments, pending]
  return !html_body && !mail && lists.every((list) => (list ?? []).length === 0)
}

function mergeTexts(
  jobs: Parameters<Merge<PhoneContent>>[0],
  between: string,
  limit: number,
): ReturnType<Merge<PhoneContent>> {
  const [first, ...others] = jobs
  let message = first.message
  let taken = 1
  for (const { message: next } of others) {
    const longer = `${message}${between}${next}`
    if (longer.length > limit) break
    message = longer
    taken += 1
  }
  if (taken === 1) return { job: first, taken }
  const bundle = jobs.slice(0, taken).map(({ id }) => id)
  return { job: { ...first, message, bundle }, taken }
}
