/**
 * What a message, or the template that it takes its words from, may ask for
 * besides being sent: each field from what the wire carries to what services take.
 *
 * @module
 */

import { z } from 'zod'
import { duration, inOurWords } from '../../src/index.ts'
import { CHANNELS, type ChannelName } from '../deliveries/channel-policy.ts'
import { isCron } from './cron.ts'

const SECOND_MS = 1000
const HOUR_MS = 3_600_000
const DAY_MS = 86_400_000

/** Collects what belongs together and sends it as one. */
export interface Digest {
  /** How long after its first event it is sent; `null`: when `cron` says so. */
  readonly windowMs: number | null
  /** In the recipient's time zone. */
  readonly cron: string | null
  /** A dotted path into data or params: each value has a digest of its own. */
  readonly key: string | null
  /** The first one in so long is sent at once. */
  readonly lookBackMs: number | null
  /** The template that says it where it is of several; else they are listed. */
  readonly template?: string | null
}

/** At most so many in a window that opens with the first. */
export interface Throttle {
  readonly limit: number
  readonly windowMs: number
  readonly onLimit: 'drop' | 'digest'
  readonly key: string | null
}

export const EVIDENCE = ['delivered', 'seen', 'read', 'acked'] as const
/** What shows that a notification has reached somebody, the strongest last. */
export type Evidence = (typeof EVIDENCE)[number]

/** Further channels when nothing shows that it has arrived. */
export interface Fallback {
  readonly afterMs: number
  readonly unless: Evidence
  readonly channels: readonly ChannelName[]
}

/** Repeated until somebody acknowledges it. */
export interface RequireAck {
  readonly retryMs: number
  readonly expireMs: number
  /** Of several recipients: whether the first to acknowledge ends it for all. */
  readonly cancelOn: 'any' | 'all'
}

const path = () => z.string().min(1).max(200).optional()
const channelList = () => z.array(z.enum(CHANNELS)).min(1).max(CHANNELS.length)

/** A duration of at least `minMs` and at most `maxMs`, written as `words`. */
function between(minMs: number, maxMs: number, words: string) {
  return duration().refine((ms) => ms >= minMs && ms <= maxMs, `must be ${words}`)
}

export const cronField = () =>
  z.string().max(100).refine(isCron, 'must be a cron expression such as "0 9 * * mon-fri"')

export const DigestField = z
  .strictObject({
    window: between(SECOND_MS, 31 * DAY_MS, '1 second to 31 days').optional(),
    cron: cronField().optional(),
    key: path(),
    look_back: between(SECOND_MS, 31 * DAY_MS, '1 second to 31 days').optional(),
    template: z.string().min(1).max(100).optional(),
  })
  .refine(({ window, cron }) => (window === undefined) !== (cron === undefined), {
    path: ['window'],
    message: 'say either window (how long) or cron (when)',
  })
  .transform(
    ({ window, cron, key, look_back, template }): Digest => ({
      windowMs: window ?? null,
      cron: cron ?? null,
      key: key ?? null,
      lookBackMs: look_back ?? null,
      ...(template === undefined ? {} : { template }),
    }),
  )

export const ThrottleField = z
  .strictObject({
    limit: z.int().min(1).max(100_000).default(1),
    window: between(SECOND_MS, 31 * DAY_MS, '1 second to 31 days'),
    on_limit: z.enum(['drop', 'digest']).default('drop'),
    key: path(),
  })
  .transform(
    ({ limit, window, on_limit, key }): Throttle => ({
      limit,
      windowMs: window,
      onLimit: on_limit,
      key: key ?? null,
    }),
  )

export const FallbackField = z
  .strictObject({
    after: between(SECOND_MS, 7 * DAY_MS, '1 second to 7 days'),
    unless: z.enum(EVIDENCE).default('read'),
    channels: channelList(),
  })
  .transform(({ after, unless, channels }): Fallback => ({ afterMs: after, unless, channels }))

export const RequireAckField = z
  .strictObject({
    retry: between(30 * SECOND_MS, HOUR_MS, '30 seconds to 1 hour').default(60 * SECOND_MS),
    expire: between(30 * SECOND_MS, 3 * HOUR_MS, '30 seconds to 3 hours').default(HOUR_MS),
    cancel_on: z.enum(['any', 'all']).default('any'),
  })
  .transform(
    ({ retry, expire, cancel_on }): RequireAck => ({
      retryMs: retry,
      expireMs: expire,
      cancelOn: cancel_on,
    }),
  )

/** What a template may hold of it, as it was written. */
export const flowFields = {
  digest: written(DigestField),
  throttle: written(ThrottleField),
  fallback: written(FallbackField),
  require_ack: written(RequireAckField),
}

/** Checked, and kept in the words of the wire. */
function written(schema: z.ZodType) {
  return z
    .record(z.string(), z.json())
    .superRefine((value, check) => {
      const parsed = schema.safeParse(value, inOurWords)
      for (const { path, message } of parsed.error?.issues ?? []) {
        check.addIssue({ code: 'custom', path, message })
      }
    })
    .nullish()
}

/** The fields of a template as services take them; what it has not is left out. */
export function flowOf(record: { readonly [Name in keyof typeof flowFields]?: unknown }) {
  const { digest, throttle, fallback, require_ack } = record
  return {
    ...(digest ? { digest: DigestField.parse(digest) } : {}),
    ...(throttle ? { throttle: ThrottleField.parse(throttle) } : {}),
    ...(fallback ? { fallback: FallbackField.parse(fallback) } : {}),
    ...(require_ack ? { requireAck: RequireAckField.parse(require_ack) } : {}),
  }
}

/** A fallback as records show it: durations in seconds. */
export type WrittenFallback = ReturnType<typeof writtenFallback>

export function writtenFallback({ afterMs, unless, channels }: Fallback) {
  return { after: afterMs / SECOND_MS, unless, channels }
}

/** The same of what must be acknowledged. */
export type WrittenRequireAck = ReturnType<typeof writtenAck>

export function writtenAck({ retryMs, expireMs, cancelOn }: RequireAck) {
  return { retry: retryMs / SECOND_MS, expire: expireMs / SECOND_MS, cancel_on: cancelOn }
}
