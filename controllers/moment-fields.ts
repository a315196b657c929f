/**
 * When something is to be sent: at a moment, after a while, or by the clock of
 * a place or of each recipient.
 *
 * @module
 */

import { z } from 'zod'
import { isTimeZone } from '../services/directory/quiet-hours.ts'
import { isWallTime, momentOf } from '../services/flows/local-time.ts'
import { duration, InvalidPayload } from '../src/index.ts'
import { moment } from './fields.ts'

export const momentFields = {
  send_at: moment().nullish(),
  /** How long from now. */
  delay: duration().nullish(),
  /** A time by the clock on the wall: of `timezone`, or of each recipient. */
  at: z
    .string()
    .refine(isWallTime, 'must be a time without offset, such as 2026-11-29T09:00')
    .nullish(),
  timezone: z
    .string()
    .max(64)
    .refine(isTimeZone, 'must be an IANA time zone, such as Europe/Paris')
    .nullish(),
  send_in_user_timezone: z.boolean().nullish(),
}

type Given = z.output<z.ZodObject<typeof momentFields>>

/** Moments in epoch ms; `localAt` is by each recipient's clock. Throws `InvalidPayload` for two at once. */
export function whenOf(
  { send_at, delay, at, timezone, send_in_user_timezone: byUser }: Given,
  receivedAt: number,
): { readonly sendAt: number | null; readonly localAt: string | null } {
  const said = [send_at, delay, at].filter((each) => each != null)
  if (said.length > 1) throw refusal('send_at', 'say only one of send_at, delay and at')
  if (send_at != null) return { sendAt: send_at, localAt: null }
  if (delay != null) return { sendAt: receivedAt + delay, localAt: null }
  if (at == null) {
    if (byUser) throw refusal('at', 'send_in_user_timezone takes at, such as 2026-11-29T09:00')
    return { sendAt: null, localAt: null }
  }
  if (byUser) return { sendAt: null, localAt: at }
  if (timezone == null) throw refusal('timezone', 'at takes timezone, or send_in_user_timezone')
  return { sendAt: momentOf(at, timezone), localAt: null }
}

function refusal(path: string, message: string): InvalidPayload {
  return new InvalidPayload(`${path}: ${message}`, [{ path, message }])
}
