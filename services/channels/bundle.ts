import type { DeliveryJob } from '../deliveries/delivery-job.ts'
import type { EmailContent } from './email-content.ts'
import { MOST_SMS_CHARACTERS } from './sms-segments.ts'

/** What a text message's or a call's job holds. */
export interface PhoneContent {
  readonly phone: string
  readonly message: string
  /** A sender other than the configured one; never taken from a payload. */
  readonly from?: string
  /** Of which alert it speaks. */
  readonly alert_id?: string
  /** Where it speaks of several that are told together: all of them. */
  readonly alert_ids?: readonly string[]
  /** Of which source that alert is. */
  readonly alert_source?: string
  /** Whether it says what became of the alert. */
  readonly alert_update?: boolean
  /** The ids of the deliveries that one message stands for, its own included. */
  readonly bundle?: readonly string[]
  /** What each of them says. */
  readonly texts?: readonly PhoneText[]
}

/** One of the texts of a bundle. */
export type PhoneText = Pick<DeliveryJob<PhoneContent>, 'message' | 'user_id'> &
  Pick<PhoneContent, 'alert_id' | 'alert_ids' | 'alert_source' | 'alert_update'>

/** The alerts that an answer to a text is about. */
export function alertsIn({ alert_id, alert_ids }: Pick<PhoneText, 'alert_id' | 'alert_ids'>) {
  return alert_ids ?? (alert_id === undefined ? [] : [alert_id])
}

/**
 * Makes one message of as many jobs for the same address as fit, from the first
 * on; answers with it and how many it took, at least one.
 */
export type Merge<Content extends object> = (
  jobs: readonly [DeliveryJob<Content>, ...DeliveryJob<Content>[]],
) => { readonly job: DeliveryJob<Content>; readonly taken: number }

const SMS: Texts = { between: '\n\n', most: MOST_SMS_CHARACTERS, codeLength: 60 }
/** About two minutes of talking. */
const VOICE: Texts = { between: '. Next message: ', most: 1500, codeLength: 0 }
const MOST_MAILS = 50

/** Text messages, one under the other. */
export const mergeSms: Merge<PhoneContent> = (jobs) => mergeTexts(jobs, SMS)

/** Messages to be read out, one after the other. */
export const mergeVoice: Merge<PhoneContent> = (jobs) => mergeTexts(jobs, VOICE)

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

/** How texts are put together. Lengths in characters. */
interface Texts {
  readonly between: string
  readonly most: number
  /** What may be added to each text that asks for an answer, besides where it is. */
  readonly codeLength: number
}

function mergeTexts(
  jobs: Parameters<Merge<PhoneContent>>[0],
  { between, most, codeLength }: Texts,
): ReturnType<Merge<PhoneContent>> {
  const [first, ...others] = jobs
  const lengthOf = ({ message, alert_id, alert_source = '', alert_update }: PhoneText) => {
    const asks = codeLength > 0 && alert_id !== undefined && !alert_update
    return message.length + (asks ? codeLength + alert_source.length : 0)
  }
  let length = lengthOf(first)
  let taken = 1
  for (const next of others) {
    length += between.length + lengthOf(next)
    if (length > most) break
    taken += 1
  }
  if (taken === 1) return { job: first, taken }
  const texts = jobs.slice(0, taken)
  const message = texts.map((job) => job.message).join(between)
  return { job: { ...first, message, bundle: texts.map(({ id }) => id), texts }, taken }
}
