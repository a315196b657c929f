import { createHash } from 'node:crypto'
import type { Allowance, Keys, Store } from '../../src/index.ts'
import type { JobHeader } from '../deliveries/delivery-job.ts'

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
export type MessageKind = (typeof KINDS)[number]

/** Of what waits for one address, whose turn comes first (as GoAlert has it). */
export const KINDS = ['urgent', 'test', 'alert', 'status', 'other'] as const

/** The kind of a job's message. */
export function kindOf(job: Pick<JobHeader, 'priority' | 'about'>): MessageKind {
  if ('alert_id' in job) return 'alert_update' in job ? 'status' : 'alert'
  if (job.priority === 'critical') return 'urgent'
  return job.about?.type === 'test' ? 'test' : 'other'
}

const SECOND_MS = 1000
const MINUTE_MS = 60 * SECOND_MS
const HOUR_MS = 60 * MINUTE_MS

/** Of everything that goes to an address; one place is kept for what cannot wait. */
const BURST: Limit = { limit: 5, windowMs: 5 * SECOND_MS }
const BURST_OF_OTHERS: Limit = { ...BURST, limit: 4 }
const CANNOT_WAIT: readonly MessageKind[] = ['alert', 'urgent']
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

/** How often one address may be written to or called (as GoAlert does it), besides {@link BURST}. */
const LIMITS: Readonly<Record<string, Readonly<Record<MessageKind, readonly Limit[]>>>> = {
  sms: {
    urgent: [],
    test: [ONE_A_MINUTE],
    alert: [ONE_A_MINUTE, ...ALERT_SMS],
    status: STATUS,
    other: [ONE_A_MINUTE],
  },
  voice: {
    urgent: [ONE_A_MINUTE],
    test: [ONE_A_MINUTE],
    alert: [ONE_A_MINUTE, ...ALERT_VOICE],
    status: STATUS,
    other: [ONE_A_MINUTE],
  },
  // Whoever sends a mail to an address has his reasons; only our own alerts are asked about.
  email: { urgent: [], test: [], alert: [ONE_A_MINUTE], status: STATUS, other: [] },
}

interface Window extends Limit {
  readonly name: string
}

/** Counts what each address is sent, over every process. */
export class DestinationLimits {
  readonly #store: Pick<Store, 'hit'>
  readonly #keys: Keys

  constructor(parts: { readonly store: Pick<Store, 'hit'>; readonly keys: Keys }) {
    this.#store = parts.store
    this.#keys = parts.keys
  }

  /** Until when (epoch ms) nothing at all may go there; 0: something may. */
  async fullUntil(channel: string, destination: string): Promise<number> {
    const [burst] = windowsOf(channel, 'urgent', destination)
    const { remaining, resetsAt } = await this.#hit(burst!, 0)
    return remaining > 0 ? 0 : resetsAt
  }

  /**
   * Takes a place for one message: 0, or the epoch ms at which there may be one.
   * Every window is looked at before any is used up; two processes that look at
   * once may both use up the shorter ones, never exceed one.
   */
  async take(channel: string, kind: MessageKind, destination: string): Promise<number> {
    const windows = windowsOf(channel, kind, destination)
    const ask = (calls: number) => Promise.all(windows.map((window) => this.#hit(window, calls)))
    const seen = await ask(0)
    const full = seen.filter(({ remaining }) => remaining === 0)
    if (full.length > 0) return Math.max(...full.map(({ resetsAt }) => resetsAt))
    const refused = (await ask(1)).filter(({ granted }) => granted === 0)
    return Math.max(0, ...refused.map(({ resetsAt }) => resetsAt))
  }

  /** Whether an address heard nothing of this source for an hour; `tell`: it does now. */
  async isFirst(
    channel: string,
    { destination, source, tell = false }: { destination: string; source: string; tell?: boolean },
  ): Promise<boolean> {
    const hash = createHash('sha256').update(source).digest('base64url').slice(0, 22)
    const name = `to:${channel}:source:${hash}:${destination}`
    const window = { name, limit: 1, windowMs: HOUR_MS }
    return (await this.#hit(window, tell ? 1 : 0)).remaining > 0
  }

  #hit({ name, limit, windowMs }: Window, calls: number): Promise<Allowance> {
    const key = this.#keys.rate(`${name}:${windowMs / SECOND_MS}`)
    return this.#store.hit(key, limit, windowMs, calls)
  }
}

/** The burst first, which all kinds share. */
function windowsOf(channel: string, kind: MessageKind, destination: string): readonly Window[] {
  const burst = CANNOT_WAIT.includes(kind) ? BURST : BURST_OF_OTHERS
  const own = LIMITS[channel]?.[kind] ?? []
  return [
    { ...burst, name: `to:${channel}:any:${destination}` },
    ...own.map((limit) => ({ ...limit, name: `to:${channel}:${kind}:${destination}` })),
  ]
}
