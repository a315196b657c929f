import { z } from 'zod'
import { isTimeZone } from '../services/directory/quiet-hours.ts'
import { cronField } from '../services/flows/flow-fields.ts'
import { shownRecurrence } from '../services/flows/recurrence-record.ts'
import type { RecurrenceFields, Recurrences } from '../services/flows/recurrences.ts'
import { identityOf } from '../services/notifications/acceptance.ts'
import { type Audience, parseAudience } from '../services/notifications/broadcast-record.ts'
import type { Context } from '../src/index.ts'
import { moment } from './fields.ts'
import { fromWire, MessagePayload, messageFields, toMessage } from './message-fields.ts'

const Word = z
  .string()
  .refine((word) => parseAudience([word]) !== null, 'say user:<id>, group:<id>, role:<name> or all')

const Times = z
  .object({
    cron: cronField(),
    timezone: z
      .string()
      .max(64)
      .refine(isTimeZone, 'must be an IANA time zone, such as Europe/Paris'),
    to: z.union([Word.transform((word) => [word]), z.array(Word).min(1).max(1000)]),
    count: z.int().min(1).max(1_000_000).nullable(),
    until: moment().nullable(),
    misfire: z.enum(['send', 'skip']),
    send_in_user_timezone: z.boolean().describe('when the clock of each recipient shows it'),
  })
  .partial()

const { cron, to } = Times.required().shape
const { send_at, delay, at, timezone: _of, send_in_user_timezone: _at, ...words } = messageFields
const MOMENTS = Object.keys({ send_at, delay, at })

/** When, to whom, and a message as any other, but for its moment, which is the recurrence's. */
export const RecurrenceBody = z.preprocess(
  refuseMoments,
  fromWire(z.object({ ...Times.shape, cron, to, ...words })),
)

function refuseMoments(body: unknown, check: z.RefinementCtx): unknown {
  const given = MOMENTS.filter((name) => typeof body === 'object' && body !== null && name in body)
  for (const name of given) {
    check.addIssue({ code: 'custom', path: [name], message: 'cron and timezone say when' })
  }
  return body
}

/** What is not given stays; the message as a whole. */
export const RecurrenceChanges = Times.extend({ message: MessagePayload.optional() }).strict()

export const RecurrencesQuery = z.object({
  limit: z.coerce.number().int().min(1).max(1000).default(100),
})

type IdParam = { readonly id: string }

/** `/api/recurrences`: messages that are sent again and again. */
export class RecurrenceController {
  readonly #recurrences: Recurrences
  readonly #timezone: string

  constructor(parts: { recurrences: Recurrences; timezone: string }) {
    this.#recurrences = parts.recurrences
    this.#timezone = parts.timezone
  }

  create = async (context: Context<unknown, z.output<typeof RecurrenceBody>>) => {
    const { cron, timezone, to, count, until, misfire, ...rest } = context.payload
    const { send_in_user_timezone: inUserTimezone = false, ...fields } = rest
    const record = await this.#recurrences.create(
      {
        ...{ cron, timezone: timezone ?? this.#timezone, inUserTimezone },
        audience: audienceOf(to),
        ...{ count: count ?? null, until: until ?? null, misfire: misfire ?? 'send' },
        message: toMessage(fields, context.receivedAt),
      },
      identityOf(context),
    )
    return shownRecurrence(record)
  }

  list = async ({ query }: Context) => {
    const { limit } = query as z.output<typeof RecurrencesQuery>
    const records = await this.#recurrences.list(limit)
    return { data: records.map(shownRecurrence), next_cursor: null }
  }

  find = async ({ params }: Context<IdParam>) =>
    shownRecurrence(await this.#recurrences.find(params.id))

  change = async (context: Context<IdParam, z.output<typeof RecurrenceChanges>>) => {
    const { message, to, send_in_user_timezone: inUserTimezone, ...rest } = context.payload
    const given = {
      ...{ ...rest, inUserTimezone },
      audience: to === undefined ? undefined : audienceOf(to),
      message: message === undefined ? undefined : toMessage(message, context.receivedAt),
    }
    const named = Object.entries(given).filter(([, value]) => value !== undefined)
    const changes = Object.fromEntries(named) as Partial<RecurrenceFields>
    return shownRecurrence(await this.#recurrences.change(context.params.id, changes))
  }

  cancel = async ({ params }: Context<IdParam>) =>
    shownRecurrence(await this.#recurrences.cancel(params.id))
}

function audienceOf(words: readonly string[]): Audience {
  const audience = parseAudience(words)
  if (audience === null) throw new Error('unreachable: the schema let only known words pass')
  return audience
}
