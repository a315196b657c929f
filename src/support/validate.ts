import type { ZodType, z } from 'zod'
import { InvalidPayload } from './errors.ts'
import { inOurWords, toIssue } from './issue-words.ts'

/** The value as the schema gives it out. Throws `InvalidPayload` with one issue per fault. */
export function validate<Schema extends ZodType>(
  schema: Schema,
  value: unknown,
  what: string,
): z.output<Schema> {
  const result = schema.safeParse(value, inOurWords)
  if (result.success) return result.data
  throw new InvalidPayload(`${what} is not as it should be.`, result.error.issues.map(toIssue))
}
