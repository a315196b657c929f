import { z } from 'zod'
import { identityOf } from '../services/notifications/acceptance.ts'
import type { EmailMessage } from '../services/notifications/direct-message.ts'
import type {
  DirectService,
  EmailBatch,
  RejectedEmail,
} from '../services/notifications/direct-service.ts'
import { type Context, inOurWords, toIssue } from '../src/index.ts'
import { email } from './addresses.ts'
import { nullsLeftOut } from './as-written.ts'
import { idempotencyKey, moment, priority, requiredText } from './fields.ts'

const REQUIRED = 'To email, subject, and body are required'
const MOST_TEXT = 262_144
const MOST_MAILS = 1000

const Attachment = z.object({
  filename: z.string().regex(/^[^\p{Cc}/\\]{1,255}$/u, 'must be a plain file name'),
  content: z.base64('must be base64'),
  content_type: z
    .string()
    .regex(/^[\w.+-]+\/[\w.+-]+$/, 'must be a media type such as text/csv')
    .nullish(),
})

/** One address or up to fifty; at least `least`. Output: a list. */
function addresses(least: 0 | 1) {
  const list = z.array(email()).min(least, REQUIRED).max(50, 'must be at most 50 addresses')
  return z.union([email(REQUIRED).transform((one) => [one]), list], {
    error: ({ input }) =>
      input == null || input === ''
        ? REQUIRED
        : 'must be one e-mail address, or a list of at most 50',
  })
}

const shared = {
  subject: requiredText(REQUIRED, 998),
  body: requiredText(REQUIRED, MOST_TEXT),
  html_body: z.string().max(MOST_TEXT).nullish(),
  priority: priority(),
  send_at: moment().nullish(),
  expires_at: moment().nullish(),
  cc: addresses(0).nullish(),
  bcc: addresses(0).nullish(),
  reply_to_address: email().nullish(),
  attachments: z.array(Attachment).max(20).default([]),
}
const Shared = z.object(shared)
const Email = z.object({ to: addresses(1), ...shared }, { error: 'must be an object' })
const OneOfBatch = nullsLeftOut(Email)

/** One mail (contract §3). */
export const EmailPayload = nullsLeftOut(
  Email.extend({ idempotency_key: idempotencyKey() }).transform(
    ({ idempotency_key, ...fields }) => ({ email: toMessage(fields), idempotency_key }),
  ),
)

/**
 * Mails of their own under `emails`, or `recipients` who each get the same one.
 * A mail that is not right is reported with its index and holds up no other.
 */
export const EmailBatchPayload = z
  .object({
    emails: z.array(z.unknown()).min(1).max(MOST_MAILS).optional(),
    recipients: z.array(z.unknown()).min(1).max(MOST_MAILS).optional(),
    idempotency_key: idempotencyKey(),
  })
  .loose()
  .refine(({ emails, recipients }) => (emails === undefined) !== (recipients === undefined), {
    path: ['emails'],
    message: 'Either emails, or recipients with subject and body, are required',
  })
  .transform(({ emails, recipients = [], idempotency_key, ...common }, check) => {
    if (emails) return { batch: sortOut(emails), idempotency_key }
    const fields = nullsLeftOut(Shared).safeParse(common, inOurWords)
    if (fields.success) {
      const mails = recipients.map((to) => ({ ...common, to }))
      return { batch: sortOut(mails), idempotency_key }
    }
    for (const { path, message } of fields.error.issues) {
      check.addIssue({ code: 'custom', path, message })
    }
    return z.NEVER
  })

/** `notifications/email/…`: mail to bare addresses. */
export class EmailController {
  readonly #direct: DirectService

  constructor(parts: { direct: DirectService }) {
    this.#direct = parts.direct
  }

  send = async (context: Context<unknown, z.output<typeof EmailPayload>>) =>
    this.#direct.queueEmail(context.payload.email, identityOf(context))

  sendBatch = async (context: Context<unknown, z.output<typeof EmailBatchPayload>>) =>
    this.#direct.queueEmails(context.payload.batch, identityOf(context))
}

function sortOut(mails: readonly unknown[]): EmailBatch {
  const emails: { index: number; email: EmailMessage }[] = []
  const rejected: RejectedEmail[] = []
  for (const [index, mail] of mails.entries()) {
    const parsed = OneOfBatch.safeParse(mail, inOurWords)
    if (parsed.success) emails.push({ index, email: toMessage(parsed.data) })
    else rejected.push({ index, errors: parsed.error.issues.map(toIssue) })
  }
  return { emails, rejected }
}

function toMessage(fields: z.output<typeof Email>): EmailMessage {
  return {
    to: fields.to,
    subject: fields.subject,
    body: fields.body,
    htmlBody: fields.html_body ?? null,
    cc: fields.cc ?? [],
    bcc: fields.bcc ?? [],
    replyTo: fields.reply_to_address ?? null,
    attachments: fields.attachments.map(({ filename, content, content_type }) => ({
      filename,
      content,
      content_type: content_type ?? null,
    })),
    actions: [],
    priority: fields.priority,
    sendAt: fields.send_at ?? null,
    expiresAt: fields.expires_at ?? null,
  }
}
