import { messageOf } from '../../src/index.ts'
import type { SendOutcome } from './channel.ts'

/** What is known of a try besides its error. */
export interface SmtpProgress {
  /** A session with the server stood and the conversation about this mail began. */
  readonly began: boolean
  /** Its text went out at least in part: it may have arrived. */
  readonly transmitted: boolean
}

/** Our own fault, or the mail's: the server would say the same again. */
const BAD_INPUT = [
  'EENVELOPE',
  'EMESSAGE',
  'ESTREAM',
  'EFILEACCESS',
  'EURLACCESS',
  'EMAXRECIPIENTS',
  'ECONFIG',
]
/** About one mailbox: busy, greylisted, full (RFC 5321 §4.2.3). */
const MAILBOX_REPLIES = [450, 452]
const BAD_CREDENTIALS = ['EAUTH', 'ENOAUTH', 'EOAUTH2']
/** Authentication is required, too weak, has failed, or needs encryption (RFC 4954 §6, RFC 3207 §4). */
const WHO_ARE_YOU = [530, 534, 535, 538]

/** Whether the server does not let us in at all. */
function isBadCredentials(error: unknown): boolean {
  return BAD_CREDENTIALS.includes(codeOf(error)) || WHO_ARE_YOU.includes(replyOf(error) ?? 0)
}

/**
 * What became of a mail that nodemailer could not send. No session, or none
 * that we may use, is `unreachable`: the mail waits. A reply of 4xx (and 503,
 * which blames the session) is worth another try, 5xx is not. A line that broke
 * after the text went out is tried again too: mail is promised at least once,
 * and the Message-ID stays the same.
 */
export function outcomeOf(error: unknown, { began, transmitted }: SmtpProgress): SendOutcome {
  const code = codeOf(error)
  // What we gave up ourselves says why in its cause.
  const reason = messageOf(code === 'EABORT' ? (error as Error).cause : error)
  if (isBadCredentials(error))
    return { status: 'unreachable', reason: `bad_credentials: ${reason}` }
  const reply = replyOf(error)
  if (began && reply !== null) {
    if (reply >= 500 && reply !== 503) return { status: 'failed', reason }
    const isAboutRecipient = MAILBOX_REPLIES.includes(reply)
    return { status: 'retry', reason, ...(isAboutRecipient ? { isAboutRecipient } : {}) }
  }
  if (BAD_INPUT.includes(code)) return { status: 'failed', reason }
  if (!began) return { status: 'unreachable', reason }
  const fate = transmitted ? 'after the text went out; it may arrive twice' : 'before the text'
  return { status: 'retry', reason: `the connection was lost ${fate}: ${reason}` }
}

function replyOf(error: unknown): number | null {
  const reply = (error as { responseCode?: unknown } | null)?.responseCode
  return typeof reply === 'number' ? reply : null
}

function codeOf(error: unknown): string {
  const code = (error as { code?: unknown } | null)?.code
  return typeof code === 'string' ? code : ''
}

/** One recipient that the server would not take, as nodemailer reports it. */
interface Rejection {
  readonly recipient?: string | undefined
  readonly responseCode?: number | undefined
  readonly response?: string | undefined
}

interface Accepted {
  readonly accepted: readonly string[]
  readonly rejectedErrors: readonly Rejection[]
  readonly messageId: string
  readonly response: string
  /** Recipients refused at earlier tries. */
  readonly refused: readonly string[]
}

/**
 * What became of a mail that the server took for some recipients at least: it
 * is tried again for those that were deferred alone, and has failed, in the end,
 * if anybody was refused for good.
 */
export function outcomeOfAccepted(result: Accepted): SendOutcome {
  const { rejectedErrors } = result
  const isDeferred = ({ responseCode = 500 }: Rejection) => responseCode < 500
  const deferred = rejectedErrors.filter(isDeferred)
  const refused = [...result.refused, ...rejectedErrors.filter((e) => !isDeferred(e)).map(words)]
  if (deferred.length > 0) {
    const pending = deferred.map(({ recipient = '' }) => recipient)
    const reason = `deferred for some: ${deferred.map(words).join('; ')}`
    return { status: 'retry', reason, content: { pending, refused }, isAboutRecipient: true }
  }
  if (refused.length > 0) {
    const others = result.accepted.length > 0 ? `; taken for ${result.accepted.join(', ')}` : ''
    return { status: 'failed', reason: `rejected: ${refused.join('; ')}${others}` }
  }
  return { status: 'sent', id: result.messageId, detail: result.response }
}

function words({ recipient = '?', response = 'refused' }: Rejection): string {
  return `${recipient} (${response})`
}
