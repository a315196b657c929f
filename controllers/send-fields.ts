import { z } from 'zod'
import { parseAudience } from '../services/notifications/broadcast-record.ts'
import { email, phone } from './addresses.ts'
import { safeId, userId } from './fields.ts'
import { BroadcastPayload, MessagePayload } from './message-fields.ts'

const Profile = z.strictObject({
  user_id: userId(),
  email: email().nullish(),
  phone: phone().nullish(),
  locale: z.string().max(35).nullish(),
  timezone: z.string().max(64).nullish(),
})

const Address = z.union([z.strictObject({ email: email() }), z.strictObject({ phone: phone() })])

const Word = z
  .string()
  .refine((word) => parseAudience([word]) !== null, 'say user:<id>, group:<id>, role:<name> or all')

const Recipient = z.union([Word, Profile, Address], {
  error: 'say user:<id>, group:<id>, role:<name>, all, a profile with user_id, {email} or {phone}',
})

/** `to` and a message: one call for every audience (contract §4). */
export const SendBody = z
  .object({ to: z.union([Recipient, z.array(Recipient).min(1).max(1000)]) })
  .loose()
  .transform(({ to, ...rest }, check) => {
    const message = MessagePayload.safeParse(rest)
    if (!message.success) {
      for (const issue of message.error.issues) {
        check.addIssue({ code: 'custom', path: issue.path, message: issue.message })
      }
      return z.NEVER
    }
    const recipients = Array.isArray(to) ? to : [to]
    return {
      recipients,
      fields: message.data,
      idempotency_key: message.data.idempotency_key,
    }
  })

/** `POST /api/broadcast` with seed 004's names too. */
export const BroadcastBody = z
  .object({
    level: z.enum(['info', 'success', 'warning', 'error']).optional(),
    target_roles: z.array(safeId('role')).max(100).default([]),
  })
  .loose()
  .transform(({ level, target_roles, ...rest }, check) => {
    const message = BroadcastPayload.safeParse(level ? { type: level, ...rest } : rest)
    if (message.success) {
      const { target_groups, idempotency_key } = message.data
      return {
        roles: target_roles,
        groups: target_groups,
        fields: message.data,
        idempotency_key,
      }
    }
    for (const { path, message: text } of message.error.issues) {
      check.addIssue({ code: 'custom', path, message: text })
    }
    return z.NEVER
  })

export const TestBody = z.object({
  message: z.string().max(4000).default('If you can read this, notifications reach you.'),
  title: z.string().max(200).default('Test notification'),
})

/** One of whom it is for. */
export type To = z.output<typeof Recipient>
