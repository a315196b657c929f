import { type ZodType, z } from 'zod'

const DEFAULT_LIMIT = 15
const MAX_LIMIT = 100

/** A yes or no of a query; the bare name (`?verbose`) is a yes. */
export function queryFlag() {
  return z.union([z.literal('').transform(() => true), z.stringbool()])
}

/** The query of every list (contract §4): `limit`, 15 unless said, never above 100, and `cursor`. */
export const listQuery = z.object({
  limit: z.coerce
    .number()
    .int()
    .min(1)
    .transform((limit) => Math.min(limit, MAX_LIMIT))
    .default(DEFAULT_LIMIT),
  cursor: z.string().max(512).optional(),
})

/** What a list answers with; `next_cursor` is `null` on its last page. */
export function listOf<Item extends ZodType>(item: Item) {
  return z.object({ data: z.array(item), next_cursor: z.string().nullable() })
}
