import { z } from 'zod'
import { parseJson } from '../../../support/parse-json.ts'

const Envelope = z.object({
  event: z.string().min(1).max(200),
  channel: z.string().max(300).optional(),
  data: z.unknown(),
})

const text = z.string().max(16_384)
const Subscribe = z.object({ channel: text, auth: text.nullish(), channel_data: text.nullish() })
const Unsubscribe = z.object({ channel: text })
const SignIn = z.object({ auth: text, user_data: text })
const Member = z.object({
  user_id: z.union([z.string().min(1).max(128), z.number()]).transform(String),
  user_info: z.unknown(),
})
const UserData = z.looseObject({
  id: z.union([z.string().min(1).max(128), z.number()]).transform(String),
})

export type SubscribeMessage = z.output<typeof Subscribe>
export type SignInMessage = z.output<typeof SignIn>

/** What a client says, by the words of protocol 7. */
export type PusherMessage =
  | { readonly kind: 'ping' | 'pong' }
  | { readonly kind: 'subscribe'; readonly data: SubscribeMessage }
  | { readonly kind: 'unsubscribe'; readonly channel: string }
  | { readonly kind: 'signin'; readonly data: SignInMessage }
  | {
      readonly kind: 'client-event'
      readonly event: string
      readonly channel: string
      readonly data: unknown
    }

/** Throws whatever is wrong with it: `InvalidJson`, `InvalidPayload`, or zod's error. */
export function parsePusherMessage(message: string): PusherMessage {
  const { event, channel = '', data } = Envelope.parse(parseJson(message))
  if (event.startsWith('client-')) return { kind: 'client-event', event, channel, data }
  if (event === 'pusher:ping') return { kind: 'ping' }
  if (event === 'pusher:pong') return { kind: 'pong' }
  const fields = typeof data === 'string' ? parseJson(data) : data
  switch (event) {
    case 'pusher:subscribe':
      return { kind: 'subscribe', data: Subscribe.parse(fields) }
    case 'pusher:unsubscribe':
      return { kind: 'unsubscribe', channel: Unsubscribe.parse(fields).channel }
    case 'pusher:signin':
      return { kind: 'signin', data: SignIn.parse(fields) }
    default:
      throw new Error(`There is no event ${event}.`)
  }
}

/** The member that `channel_data` speaks of, as JSON for the others; `null`: of none. */
export function parseMember(channelData: string): { id: string; info: string } | null {
  const parsed = Member.safeParse(safely(channelData))
  if (!parsed.success) return null
  return { id: parsed.data.user_id, info: JSON.stringify(parsed.data.user_info ?? {}) }
}

/** Who `user_data` says has signed in, with whatever else it says; `null`: nobody. */
export function parseUserData(userData: string): z.output<typeof UserData> | null {
  const parsed = UserData.safeParse(safely(userData))
  return parsed.success ? parsed.data : null
}

function safely(text: string): unknown {
  try {
    return parseJson(text)
  } catch {
    return null // What cannot be read speaks of nobody.
  }
}
