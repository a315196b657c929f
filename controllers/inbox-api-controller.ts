import { z } from 'zod'
import type { BulkAction, InboxService } from '../services/notifications/inbox-service.ts'
import {
  type Context,
  duration,
  Forbidden,
  NotFound,
  type Scope,
  Unauthenticated,
} from '../src/index.ts'
import { moment } from './fields.ts'

/** `?unread_only` alone says yes. */
const flag = () =>
  z
    .string()
    .transform((text) => (text === '' ? 'true' : text))
    .pipe(z.stringbool())
    .optional()

export const InboxQuery = z.object({
  unread_only: flag(),
  archived: flag(),
  type: z.string().max(50).optional(),
  priority: z.enum(['low', 'normal', 'high', 'critical']).optional(),
  /** Somebody else's inbox; takes the scope `admin`. */
  user_id: z.string().max(128).optional(),
  cursor: z.string().max(128).nullish(),
  limit: z.coerce.number().int().min(1).max(100).default(15),
})

export const BulkBody = z
  .object({
    ids: z.array(z.string()).max(1000).optional(),
    filter: z
      .object({
        unread_only: z.boolean().optional(),
        archived: z.boolean().optional(),
        type: z.string().optional(),
        priority: z.string().optional(),
      })
      .optional(),
    action: z.enum(['seen', 'read', 'unread', 'archive', 'delete']),
  })
  .refine(({ ids, filter }) => (ids === undefined) !== (filter === undefined), 'say ids or filter')

export const SnoozeBody = z
  .object({
    until: moment().optional(),
    for: duration().optional(),
    for_seconds: z.number().positive().optional(),
  })
  .refine((body) => Object.values(body).some((value) => value !== undefined), {
    path: ['until'],
    message: 'say until (a moment), or for (10m, 2h), or for_seconds',
  })

type IdParam = { readonly id: string }

/** `/api/notifications`: one's own inbox over HTTP. */
export class InboxApiController {
  readonly #inbox: InboxService

  constructor(parts: { inbox: InboxService }) {
    this.#inbox = parts.inbox
  }

  list = async (context: Context) => {
    const query = context.query as z.output<typeof InboxQuery>
    const user = ownerOf(context, query.user_id)
    const filter = withoutUndefined({
      unreadOnly: query.unread_only,
      archived: query.archived,
      type: query.type,
      priority: query.priority,
    })
    return this.#inbox.list(user, filter, query.limit, query.cursor ?? null)
  }

  find = async (context: Context<IdParam>) =>
    this.#inbox.find(await this.#owner(context), context.params.id)

  /** Who may send may take back. */
  remove = async (context: Context<IdParam>) => {
    await this.#inbox.remove(await this.#owner(context, 'publish'), context.params.id)
    return success()
  }

  markRead = async (context: Context<IdParam>) => {
    await this.#inbox.markRead(await this.#owner(context), context.params.id)
    return success()
  }

  markUnread = async (context: Context<IdParam>) => {
    await this.#inbox.markUnread(await this.#owner(context), context.params.id)
    return success()
  }

  archive = async (context: Context<IdParam>) => {
    await this.#inbox.archive(await this.#owner(context), context.params.id)
    return success()
  }

  snooze = async (context: Context<IdParam, z.output<typeof SnoozeBody>>) => {
    const { until, for: span, for_seconds = 0 } = context.payload
    const at = until ?? context.receivedAt + (span ?? for_seconds * 1000)
    await this.#inbox.snooze(await this.#owner(context), context.params.id, at)
    return success()
  }

  markSeen = async (context: Context<IdParam>) => {
    await this.#inbox.markSeen(await this.#owner(context), context.params.id)
    return success()
  }

  acknowledge = async (context: Context<IdParam>) => {
    await this.#inbox.acknowledge(await this.#owner(context), context.params.id)
    return success()
  }

  unsnooze = async (context: Context<IdParam>) => {
    await this.#inbox.unsnooze(await this.#owner(context), context.params.id)
    return success()
  }

  markAllRead = async (context: Context) => {
    await this.#inbox.markAllRead(self(context))
    return success()
  }

  bulk = async (context: Context<unknown, z.output<typeof BulkBody>>) => {
    const { ids, filter, action } = context.payload
    const { unread_only, archived, ...rest } = filter ?? {}
    const target = ids
      ? { ids }
      : { filter: withoutUndefined({ unreadOnly: unread_only, archived, ...rest }) }
    const changed = await this.#inbox.bulk(self(context), target, action as BulkAction)
    return { ...success(), changed }
  }

  /** One's own; who may see everybody's names only the notification. */
  async #owner(context: Context<IdParam>, orWith: Scope = 'admin'): Promise<string> {
    const scopes = context.principal?.scopes ?? []
    if (!scopes.includes('admin') && !scopes.includes(orWith)) return self(context)
    const record = await this.#inbox.findAny(context.params.id)
    if (record === null) throw new NotFound(`There is no notification ${context.params.id}.`)
    return record.user_id
  }
}

function ownerOf(context: Context, userId: string | undefined): string {
  const own = self(context)
  if (userId === undefined || userId === own) return own
  if (context.principal?.scopes.includes('admin')) return userId
  throw new Forbidden("Somebody else's inbox takes the scope admin.")
}

/** Who is asking. */
export function self(context: Context<unknown, unknown>): string {
  if (context.principal === null) throw new Unauthenticated('Say who you are.')
  return context.principal.id
}

function success() {
  return { status: 'success' }
}

function withoutUndefined<Values extends object>(values: Values) {
  const given = Object.entries(values).filter(([, value]) => value !== undefined)
  return Object.fromEntries(given) as { [Key in keyof Values]?: Exclude<Values[Key], undefined> }
}
