import type { Keys, Priority, Store } from '../../src/index.ts'

/** At most `limit` messages within `windowMs`. */
interface Limit {
  readonly limit: number
  readonly windowMs: number
}

/**
 * What a message is about: alerts have room of their own, so that nothing else
 * delays them; `status` says what became of one, and must not delay the next;
 * `urgent` is what a sender calls critical, such as a code to type back.
 */
export type MessageKind = 'alert' | 'status' | 'urgent' | 'other'

/** The kind of a job's message. */
export function kindOf(job: { readonly priority: Priority }): MessageKind {
  if ('alert_id' in job) return 'alert_update' in job ? 'status' : 'alert'
  return job.priority === 'critical' ? 'urgent' : 'other'
}

const SECOND_MS = 1000
const MINUTE_MS = 60 * SECOND_MS
const HOUR_MS = 60 * MINUTE_MS

const BURST: Limit = { limit: 5, windowMs: 5 * SECOND_MS }
const ONE_A_MINUTE: Limit = { limit: 1, windowMs: MINUTE_MS }
const ALERT_SMS = [
  { limit: 5, windowMs: 15 * MINUTE_MS },
  { limit: 11, windowMs: HOUR_MS },
  { limit: 21, windowMs: 3 * HOUR_MS },
]
const ALERT_VOICE = [
  { limit: 3, windowMs: 15 * MINUTE_MS },
  { limit: 7, windowMs: HOUR_MS },
  { limit: 15, windowMs: 3 * HOUR_MS },
]

const STATUS = [
  { limit: 1, windowMs: 3 * MINUTE_MS },
  { limit: 3, windowMs: 20 * MINUTE_MS },
  { limit: 8, windowMs: 2 * HOUR_MS },
]

/** How often one address may be written to or called (as GoAlert does it). */
const LIMITS: Readonly<Record<string, Readonly<Record<MessageKind, readonly Limit[]>>>> = {
  sms: {
    alert: [BURST, ONE_A_MINUTE, ...ALERT_SMS],
    status: [BURST, ...STATUS],
    urgent: [BURST],
    other: [BURST, ONE_A_MINUTE],
  },
  voice: {
    alert: [BURST, ONE_A_MINUTE, ...ALERT_VOICE],
    status: [BURST, ...STATUS],
    urgent: [BURST, ONE_A_MINUTE],
    other: [BURST, ONE_A_MINUTE],
  },
  // Whoever sends a mail to an address has his reasons; only our own alerts could flood it.
  email: { alert: [BURST, ONE_A_MINUTE], status: [BURST, ...STATUS], urgent: [], other: [] },
}

/** Counts what each address is sent, over every process. */
export class DestinationLimits {
  readonly #store: Pick<Store, 'hit'>
  readonly #keys: Keys

  constructor(parts: { readonly store: Pick<Store, 'hit'>; readonly keys: Keys }) {
    this.#store = parts.store
    this.#keys = parts.keys
  }

  /**
   * Takes a place for one message: 0, or the epoch ms at which there may be one.
   * Every window is looked at before any is used up; two processes that look at
   * once may both use up the shorter ones, never exceed one.
   */
  async take(channel: string, kind: MessageKind, destination: string): Promise<number> {
    const limits = LIMITS[channel]?.[kind] ?? []
    const name = this.#keys.rate(`to:${channel}:${kind}:${destination}`)
    const ask = (calls: number) =>
      Promise.all(
        limits.map(({ limit, windowMs }) =>
          this.#store.hit(`${name}:${windowMs / SECOND_MS}`, limit, windowMs, calls),
        ),
      )
    const seen = await ask(0)
    const full = seen.filter(({ remaining }) => remaining === 0)
    if (full.length > 0) return Math.max(...full.map(({ resetsAt }) => resetsAt))
    const refused = (await ask(1)).filter(({ granted }) => granted === 0)
    return Math.max(0, ...refused.map(({ resetsAt }) => resetsAt))
  }
}
