import { isoTime, type Keys, type Op } from '../../src/index.ts'

export const METRICS = ['sent', 'delivered', 'seen', 'read', 'clicked', 'failed'] as const
export type Metric = (typeof METRICS)[number]

/** What happened to one notification on one channel; `inbox` is where it lies. */
export interface Counted {
  readonly type: string
  readonly variant?: string | undefined
  readonly channel: string
  readonly metric: Metric
}

const KEPT_MS = 90 * 86_400_000
/** Types are the publishers' words: what is beyond so many in a process is counted as `other`. */
const MOST_TYPES = 200
/** How often a name is written into the list of names, besides the first two times. */
const LIST_EVERY = 256

/**
 * Counters by day, written with the change that they count. Each is a number
 * under its name; a set a day lists the names.
 */
export class Counts {
  readonly #keys: Keys
  readonly #types = new Set<string>()
  #day = ''
  #times = new Map<string, number>()

  constructor(keys: Keys) {
    this.#keys = keys
  }

  ops(counted: readonly Counted[], now: number): Op[] {
    const day = isoTime(now).slice(0, 10)
    if (day !== this.#day) {
      this.#day = day
      this.#times = new Map()
    }
    return counted.flatMap((one) => this.#opsOf(day, one))
  }

  #opsOf(day: string, { type, variant = '', channel, metric }: Counted): Op[] {
    const name = [this.#known(type), variant, channel, metric].map(encodeURIComponent).join('/')
    const times = this.#times.get(name) ?? 0
    this.#times.set(name, times + 1)
    const count: Op = ['incr', this.#keys.stat(day, name), 1, KEPT_MS]
    if (times % LIST_EVERY > 1) return [count]
    const names = this.#keys.statNames(day)
    return [count, ['sadd', names, name], ['expire', names, KEPT_MS]]
  }

  #known(type: string): string {
    if (this.#types.has(type)) return type
    if (this.#types.size >= MOST_TYPES) return 'other'
    this.#types.add(type)
    return type
  }
}

/** What a counter's name says. */
export type CountedName = Counted & { readonly variant: string }

export function countedOf(name: string): CountedName {
  const [type = '', variant = '', channel = '', metric = ''] = name
    .split('/')
    .map(decodeURIComponent)
  return { type, variant, channel, metric: metric as Metric }
}

interface Delivered {
  readonly channel: string
  readonly about?: { readonly type: string; readonly variant?: string }
}

/** How a delivery that has come to a state is counted: one that was confirmed at once was sent too. */
export function countedAs({ channel, about }: Delivered, status: string): Counted[] {
  const { type = 'direct', variant } = about ?? {}
  return (METRICS_OF[status] ?? []).map((metric) => ({ type, variant, channel, metric }))
}

const METRICS_OF: Readonly<Record<string, readonly Metric[]>> = {
  sent: ['sent'],
  delivered: ['delivered'],
  read: ['read'],
  failed: ['failed'],
}
