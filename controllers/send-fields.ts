import { z } from 'zod'
import { parseAudience } from '../services/notifications/broadcast-record.ts'
import type { DirectAddress } from '../services/notifications/direct-post.ts'
import { discordUrl, email, phone, slackUrl, webhookUrl } from './addresses.ts'
import { safeId, userId } from './fields.ts'
import { broadcastFields, fromWire, messageFields } from './message-fields.ts'

const Profile = z.strictObject({
  user_id: userId(),
  email: email().nullish(),
  phone: phone().nullish(),
  locale: z.string().max(35).nullish(),
  timezone: z.string().max(64).nullish(),
})

const ADDRESSES = {
  email: email().optional(),
  phone: phone().optional(),
  slack_webhook_url: slackUrl().optional(),
  discord_webhook_url: discordUrl().optional(),
  webhook_url: webhookUrl().optional(),
}

/** What an address is called by its channel. */
const BY_CHANNEL: Readonly<Record<string, keyof typeof ADDRESSES>> = {
  mail: 'email',
  sms: 'phone',
  slack: 'slack_webhook_url',
  discord: 'discord_webhook_url',
  webhook: 'webhook_url',
}

const channelNames = Object.entries(BY_CHANNEL).map(([name, other]) => [name, ADDRESSES[other]])

/** Bare addresses by the names that a profile has for them, or by their channels. */
const Addresses = z
  .strictObject({
    ...ADDRESSES,
    ...(Object.fromEntries(channelNames) as Partial<typeof ADDRESSES>),
  })
  .refine((given) => Object.keys(given).length > 0, 'say at least one address')

const Word = z
  .string()
  .refine((word) => parseAudience([word]) !== null, 'say user:<id>, group:<id>, role:<name> or all')

const WHOM =
  'say user:<id>, group:<id>, role:<name>, all, a profile with user_id, or addresses: {email}, {phone}, {slack_webhook_url}, {discord_webhook_url}, {webhook_url}'

const Recipient = z.union([Word, Profile, Addresses], { error: WHOM })

const Recipients = z.union([Recipient, z.array(Recipient).min(1).max(1000)], { error: WHOM })

/** `to` and a message: one call for every audience (contract §4). */
export const SendBody = fromWire(z.object({ to: Recipients, ...messageFields })).transform(
  ({ to, ...fields }) => ({
    recipients: (Array.isArray(to) ? to : [to]).flatMap(eachAddress),
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

/** One of whom it is for: a bare address is alone. */
export type To = z.output<typeof Word> | z.output<typeof Profile> | DirectAddress

/** Each address is sent to by itself: one that fails must not hold up another. */
function eachAddress(to: z.output<typeof Recipient>): readonly To[] {
  if (typeof to === 'string' || 'user_id' in to) return [to]
  return Object.entries(to).map(
    ([name, address]) => ({ [BY_CHANNEL[name] ?? name]: address }) as DirectAddress,
  )
}
