import { z } from 'zod'
import { duration } from '../../src/index.ts'
import { own } from '../rules/comparison.ts'

const UNITS_MS = {
  ...{ seconds: 1000, minutes: 60_000, hours: 3_600_000 },
  ...{ days: 86_400_000, weeks: 7 * 86_400_000 },
} as const

/** What a payload may hold in place of a moment. */
const Amount = z.object({
  amount: z.number().positive().max(1_000_000),
  unit: z.enum(Object.keys(UNITS_MS) as (keyof typeof UNITS_MS)[]),
})

/** How long a type puts its messages off: a time, or what stands at a path of the payload. */
export const DelayField = z.union(
  [
    z
      .union([z.number(), z.string()])
      .refine((given) => duration().safeParse(given).success, 'must be a time such as 30m or 2h'),
    z.strictObject({ key: z.string().min(1).max(200) }),
  ],
  { error: 'must be a time such as 30m or 2h, or {"key": "<path of the payload>"}' },
)

export type WrittenDelay = z.output<typeof DelayField>

/** The moment (epoch ms); `null`: what stands in the payload is no moment that is yet to come. */
export function momentAfter(
  delay: WrittenDelay,
  payload: Readonly<Record<string, unknown>>,
  now: number,
): number | null {
  if (typeof delay !== 'object') return now + duration().parse(delay)
  const value = delay.key.split('.').reduce<unknown>(own, payload)
  const at = momentOf(value, now)
  return at !== null && at > now ? at : null
}

/** Epoch seconds, ISO 8601, `30m`, or `{"amount": 2, "unit": "days"}`. */
function momentOf(value: unknown, now: number): number | null {
  if (typeof value === 'number') return value * 1000
  if (typeof value === 'string') {
    const span = duration().safeParse(value)
    if (span.success) return now + span.data
    const at = Date.parse(value)
    return Number.isNaN(at) ? null : at
  }
  const amount = Amount.safeParse(value)
  return amount.success ? now + amount.data.amount * UNITS_MS[amount.data.unit] : null
}
