import { z } from 'zod'
import { parseAudience } from '../services/notifications/broadcast-record.ts'
import { email, phone } from './addresses.ts'
import { safeId, userId } from './fields.ts'
import { broadcastFields, fromWire, messageFields } from './message-fields.ts'

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

const WHOM =
  'say user:<id>, group:<id>, role:<name>, all, a profile with user_id, {email} or {phone}'

const Recipient = z.union([Word, Profile, Address], { error: WHOM })

const Recipients = z.union([Recipient, z.array(Recipient).min(1).max(1000)], { error: WHOM })

/** `to` and a message: one call for every audience (contract §4). */
export const SendBody = fromWire(z.object({ to: Recipients, ...messageFields })).transform(
  ({ to, ...fields }) => ({
    recipients: Array.isArray(to) ? to : [to],
    fields,
    idempotency_key: fields.idempotency_key,
  }),
)

const Level = z.enum(['info', 'success', 'warning', 'error'])

/** `POST /api/broadcast` with seed 004's names too: `level` is the type where none is given. */
export const BroadcastBody = fromWire(
  z.object({
    ...broadcastFields,
    level: Level.optional(),
    target_roles: z.array(safeId('role')).max(100).default([]),
  }),
).transform(({ level, target_roles: roles, type, ...rest }) => {
  const fields = {
    ...rest,
    type: level !== undefined && !type.isGiven ? { type: level, isGiven: true } : type,
  }
  const { target_groups: groups, idempotency_key } = fields
  return { roles, groups, fields, idempotency_key }
})

export const TestBody = z.object({
  message: z.string().max(4000).default('If you can read this, notifications reach you.'),
  title: z.string().max(200).default('Test notification'),
})

/** One of whom it is for. */
export type To = z.output<typeof Recipient>
