import { Readable } from 'node:stream'
import { z } from 'zod'
import type { AuditLog } from '../services/operations/audit-log.ts'
import { type HttpContext, HttpReply } from '../src/index.ts'
import { moment } from './fields.ts'

const filter = {
  who: z.string().max(128).optional(),
  match: z.string().max(200).optional(),
  since: moment().optional(),
  until: moment().optional(),
}

export const AuditQuery = z.object({
  ...filter,
  limit: z.coerce.number().int().min(1).max(100).default(15),
  cursor: z.string().max(100).nullish(),
})
export const AuditExportQuery = z.object(filter)

type Query<Schema extends z.ZodType> = HttpContext<
  Readonly<Record<string, string>>,
  unknown,
  z.output<Schema> & Readonly<Record<string, unknown>>
>

/** Who did what. */
export class AuditController {
  readonly #log: AuditLog

  constructor({ audit }: { readonly audit: AuditLog }) {
    this.#log = audit
  }

  list = async ({ query }: Query<typeof AuditQuery>) => {
    const { limit, cursor, ...filter } = query
    return this.#log.list(filter, limit, cursor ?? null)
  }

  /** A JSON line for each entry, newest first, as many as there are. */
  export = async ({ query }: Query<typeof AuditExportQuery>) => {
    const lines = Readable.from(linesOf(this.#log.entries(query)))
    return new HttpReply(200, lines, { 'content-type': 'application/x-ndjson' })
  }
}

async function* linesOf(entries: AsyncIterable<object>) {
  for await (const entry of entries) yield `${JSON.stringify(entry)}\n`
}
