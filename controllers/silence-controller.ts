import type { z } from 'zod'
import { assertUserId } from '../services/directory/user-record.ts'
import type { NewSilence, Silences } from '../services/noise/silences.ts'
import { type Context, HttpReply, isoTime } from '../src/index.ts'
import type { SilenceBody, SilencesQuery } from './silence-fields.ts'

type IdParam = { readonly id: string }
type Asked = z.output<typeof SilenceBody>

/** `/api/silences`: what makes no noise for a while. */
export class SilenceController {
  readonly #silences: Silences

  constructor({ silences }: { readonly silences: Silences }) {
    this.#silences = silences
  }

  list = async ({ query }: Context) => {
    const { state = null } = query as z.output<typeof SilencesQuery>
    return { data: await this.#silences.list(state), next_cursor: null }
  }

  find = async ({ params }: Context<IdParam>) => this.#silences.find(params.id)

  create = async (context: Context<unknown, Asked>) =>
    this.#silences.create(silenceOf(context), context.payload.id ?? context.id)

  /** Without a start it keeps the one that it has. */
  save = async (context: Context<IdParam, Asked>) =>
    this.#silences.edit(context.params.id, silenceOf(context), context.id)

  expire = async ({ params }: Context<IdParam>) => {
    await this.#silences.expire(params.id)
    return new HttpReply(204, undefined)
  }
}

/** Is made by whoever asks unless it names somebody. */
function silenceOf({ payload, principal, receivedAt }: Context<unknown, Asked>): NewSilence {
  const { id: _, for: lasts, starts_at, ends_at, created_by, ...rest } = payload
  const endsAt = lasts == null ? (ends_at ?? null) : (starts_at ?? receivedAt) + lasts
  const who = created_by ?? principal?.id ?? 'anonymous'
  assertUserId(who)
  return {
    ...rest,
    starts_at: starts_at == null ? null : isoTime(starts_at),
    ends_at: endsAt === null ? null : isoTime(endsAt),
    created_by: who,
  }
}
