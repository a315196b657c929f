import { isoTime, type Keys, type Op } from '../../src/index.ts'

export const METRICS = ['sent', 'delivered', 'seen', 'read', 'clicked', 'failed'] as const
export type Metric = (typeof METRICS)[number]

/** What happened to one notification on one channel, or on several at once. */
export interface Counted {
  readonly type: string
  readonly variant?: string | undefined
  /** `inbox` is where it lies. */
  readonly channels: readonly string[]
  readonly metric: Metric
}

/** In which partition it is counted, and when: epoch milliseconds. */
export interface CountedAt {
  readonly partition: number
  readonly now: number
}

const KEPT_MS = 90 * 86_400_000
/** Types are the publishers' words: what is beyond so many in a process is counted as `other`. */
const MOST_TYPES = 200
/** How often a name is written into the list of names, besides the first times. */
const LIST_EVERY = 256

/**
 * Counters by day, written with the change that they count. Each is a number
 * under its name; a set a day and partition lists the names. One more is one
 * operation: what lists a counter, and says for how long it is kept, is done again
 * from time to time only, in case that a write which did it was refused.
 */
export class Counts {
  readonly #keys: Keys
  readonly #types = new Set<string>()
  #day = ''
  #times = new Map<string, number>()

  constructor(keys: Keys) {
    this.#keys = keys
  }

  ops(counted: readonly Counted[], { partition, now }: CountedAt): Op[] {
    const day = isoTime(now).slice(0, 10)
    if (day !== this.#day) {
      this.#day = day
      this.#times = new Map()
    }
    return counted.flatMap((one) => this.#opsOf(day, partition, one))
  }

  #opsOf(day: string, partition: number, counted: Counted): Op[] {
    const { type, variant = '', channels, metric } = counted
    if (channels.length === 0) return []
    const words = [this.#known(type), variant, channels.join(' '), metric]
    const name = words.map(encodeURIComponent).join('/')
    const key = this.#keys.stat(day, name)
    if (!this.#isTimeToList(`${partition} ${name}`)) return [['incr', key, 1, 0]]
    const names = this.#keys.statNames(day)
    return [
      ['incr', key, 1, KEPT_MS],
      ['sadd', names, name],
      ['expire', names, KEPT_MS],
    ]
  }

  /** The first time, the second, the fourth and so on, then each 256th. */
  #isTimeToList(counter: string): boolean {
    const times = this.#times.get(counter) ?? 0
    this.#times.set(counter, times + 1)
    return times % LIST_EVERY === 0 || (times < LIST_EVERY && (times & (times - 1)) === 0)
  }

  #known(type: string): string {
    if (this.#types.has(type)) return type
    if (this.#types.size >= MOST_TYPES) return 'other'
    this.#types.add(type)
    return type
  }
}

/** What a counter's name says. */
export interface CountedName {
  readonly type: string
  readonly variant: string
  readonly channel: string
  readonly metric: Metric
}

/** One for each channel that is counted under the name. */
export function countedOf(name: string): CountedName[] {
  const [type = '', variant = '', channels = '', metric = ''] = name
    .split('/')
    .map(decodeURIComponent)
  const rest = { type, variant, metric: metric as Metric }
  return channels.split(' ').map((channel) => ({ ...rest, channel }))
}

interface Delivered {
  readonly channel: string
  readonly about?: { readonly type: string; readonly variant?: string }
}

/** How a delivery that has come to a state is counted: one that was confirmed at once was sent too. */
export function countedAs({ channel, about }: Delivered, status: string): Counted[] {
  const { type = 'direct', variant } = about ?? {}
  return (METRICS_OF[status] ?? []).map((metric) => ({
    type,
    variant,
    channels: [channel],
    metric,
  }))
}

const METRICS_OF: Readonly<Record<string, readonly Metric[]>> = {
  sent: ['sent'],
  delivered: ['delivered'],
  read: ['read'],
  failed: ['failed'],
}
