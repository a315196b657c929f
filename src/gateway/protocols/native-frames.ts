import { z } from 'zod'
import { InvalidPayload } from '../../support/errors.ts'
import { inOurWords, toIssue } from '../../support/issue-words.ts'

export { parseJson } from '../../support/parse-json.ts'

const ref = z.union([z.string().max(200), z.number()]).optional()
const id = z.string().min(1).max(200)
const channel = z.string()
/** A place in a channel's history, as `subscribe` and events named it. */
const recover = z.object({ epoch: z.string().max(64), offset: z.int().min(0) })

/** What a native client may say (contract §5), and `auth` for one that showed no token at first. */
const ClientFrame = z.discriminatedUnion('type', [
  z
    .object({ type: z.literal('ack'), up_to: z.int().min(0).optional(), id: id.optional(), ref })
    .refine((frame) => (frame.up_to === undefined) !== (frame.id === undefined), {
      path: ['up_to'],
      message: 'either up_to or id is required',
    }),
  z.object({ type: z.literal('read'), id, ref }),
  z.object({ type: z.literal('read_all'), ref }),
  z.object({
    type: z.literal('list'),
    unread_only: z.boolean().default(false),
    cursor: z.string().max(200).nullish(),
    ref,
  }),
  z.object({ type: z.literal('subscribe'), channel, recover: recover.nullish(), ref }),
  z.object({ type: z.literal('unsubscribe'), channel, ref }),
  z.object({ type: z.literal('ack_alert'), id, note: z.string().max(2000).nullish(), ref }),
  z.object({ type: z.literal('ping'), ref }),
  z.object({ type: z.literal('pong'), ref }),
  z.object({ type: z.literal('auth'), token: z.string().min(1), ref }),
])
export type ClientFrame = z.output<typeof ClientFrame>
export type Ref = string | number | undefined

/** The `ref` of a message that may be anything, so that its refusal can repeat it. */
export function refOf(message: unknown): Ref {
  const found = ref.safeParse((message as { ref?: unknown } | null)?.ref)
  return found.success ? found.data : undefined
}

/** Throws `InvalidPayload` with one issue per field. */
export function parseFrame(message: unknown): ClientFrame {
  const parsed = ClientFrame.safeParse(message, inOurWords)
  if (parsed.success) return parsed.data
  const issues = parsed.error.issues.map(toIssue)
  throw new InvalidPayload('The message has an unknown type or a wrong field.', issues)
}
