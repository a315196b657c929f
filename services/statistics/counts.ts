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

const DAY_MS = 86_400_000
const KEPT_MS = 90 * DAY_MS
/** Types are the publishers' words: what is beyond so many in a process is counted as `other`. */
const MOST_TYPES = 200
/** How often a name is written into the list of names, besides the first times. */
const LIST_EVERY = 256

/** A counter of the day: its name, its key, and how often each partition has counted it. */
interface Counter {
  readonly name: string
  readonly more: Extract<Op, readonly ['incr', ...unknown[]]>
  readonly times: number[]
}

/**
 * Counters by day, written with the change that they count. Each is a number
 * under its name; a set a day and partition lists the names. One more is one
 * operation: what lists a counter, and says for how long it is kept, is done again
 * from time to time only, in case that a write which did it was refused.
 */
export class Counts {
  readonly #keys: Keys
  readonly #types = new Set<string>()
  #day = -1
  #counters = new Map<string, Counter>()

  constructor(keys: Keys) {
    this.#keys = keys
  }

  ops(counted: readonly Counted[], { partition, now }: CountedAt): Op[] {
    const day = Math.floor(now / DAY_MS)
    if (day !== this.#day) {
      this.#day = day
      this.#counters = new Map()
    }
    const ops: Op[] = []
    for (const one of counted) if (one.channels.length > 0) this.#count(one, partition, ops)
    return ops
  }

  #count(counted: Counted, partition: number, ops: Op[]): void {
    const counter = this.#counterOf(counted)
    const times = counter.times[partition] ?? 0
    counter.times[partition] = times + 1
    if (!isTimeToList(times)) ops.push(counter.more)
    else ops.push(...this.#listing(counter))
  }

  #listing({ name, more }: Counter): Op[] {
    const names = this.#keys.statNames(this.#date())
    return [
      ['incr', more[1], 1, KEPT_MS],
      ['sadd', names, name],
      ['expire', names, KEPT_MS],
    ]
  }

  #counterOf({ type, variant = '', channels, metric }: Counted): Counter {
    const words = [this.#known(type), variant, channels.join(' '), metric]
    const said = words.join('/')
    const known = this.#counters.get(said)
    if (known) return known
    const name = words.map((word) => encodeURIComponent(word.toWellFormed())).join('/')
    const more: Counter['more'] = ['incr', this.#keys.stat(this.#date(), name), 1, 0]
    const counter = { name, more, times: [] }
    this.#counters.set(said, counter)
    return counter
  }

  #date(): string {
    return isoTime(this.#day * DAY_MS).slice(0, 10)
  }

  #known(type: string): string {
    if (this.#types.has(type)) return type
    if (this.#types.size >= MOST_TYPES) return 'other'
    this.#types.add(type)
    return type
  }
}

/** The first time, the second, the fourth and so on, then each 256th. */
function isTimeToList(times: number): boolean {
  return times % LIST_EVERY === 0 || (times < LIST_EVERY && (times & (times - 1)) === 0)
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
