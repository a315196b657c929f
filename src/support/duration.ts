import { z } from 'zod'

const UNIT_MS = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const
const WORDS = /^(\d{1,9}(?:\.\d{1,3})?)\s*(s|m|h|d)?$/i
const LONGEST_MS = 366 * UNIT_MS.d
const RULE = 'must be seconds, or a time such as 90s, 30m, 2h or 1d, of a year at most'

/** How long: seconds, or digits with s, m, h or d. Output: milliseconds, above 0. */
export function duration() {
  return z
    .union([z.number(), z.string()], { error: RULE })
    .transform((value, check) => {
      const ms = millisecondsOf(String(value).trim())
      if (ms !== null && ms > 0 && ms <= LONGEST_MS) return ms
      check.addIssue({ code: 'custom', message: RULE })
      return z.NEVER
    })
    .meta({ description: 'Seconds, or text such as 30m, 2h or 1d' })
}

function millisecondsOf(text: string): number | null {
  const match = WORDS.exec(text)
  if (!match) return null
  const unit = (match[2] ?? 's').toLowerCase() as keyof typeof UNIT_MS
  return Math.round(Number(match[1]) * UNIT_MS[unit])
}
