import { isoTime, type Keys, type Store } from '../../src/index.ts'
import { type CountedName, countedOf, METRICS, type Metric } from './counts.ts'

const DAY_MS = 86_400_000
/** How many counters are asked for at once. */
const CHUNK = 500

export type Totals = Readonly<Record<Metric, number>>

export interface StatisticsQuery {
  /** The first and the last day, `2026-11-28`; at most 92 of them. */
  readonly from: string
  readonly to: string
  readonly type?: string | undefined
  readonly channel?: string | undefined
}

/** What became of notifications, by type, channel, variant of a template, and day. */
export interface Report {
  readonly from: string
  readonly to: string
  readonly total: Totals
  readonly by_type: Readonly<Record<string, Totals>>
  readonly by_channel: Readonly<Record<string, Totals>>
  readonly by_variant: Readonly<Record<string, Totals>>
  readonly by_day: Readonly<Record<string, Totals>>
}

interface Row extends CountedName {
  readonly day: string
  readonly count: number
}

/** Reads the counters of all partitions. */
export class Statistics {
  readonly #store: Store
  readonly #keys: Keys

  constructor(parts: { store: Store; keys: Keys }) {
    this.#store = parts.store
    this.#keys = parts.keys
  }

  async report({ from, to, type, channel }: StatisticsQuery): Promise<Report> {
    const partitions = Array.from({ length: this.#store.partitions }, (_, n) => n)
    const days = daysBetween(from, to)
    const all = await Promise.all(
      days.flatMap((day) => partitions.map((partition) => this.#rows(partition, day))),
    )
    const rows = all
      .flat()
      .filter((row) => (type ?? row.type) === row.type && (channel ?? row.channel) === row.channel)
    return {
      ...{ from, to },
      total: totals(rows),
      by_type: groupedBy(rows, (row) => row.type),
      by_channel: groupedBy(rows, (row) => row.channel),
      by_variant: groupedBy(
        rows.filter(({ variant }) => variant !== ''),
        (row) => row.variant,
      ),
      by_day: groupedBy(rows, (row) => row.day),
    }
  }

  async #rows(partition: number, day: string): Promise<Row[]> {
    const names = await this.#store.members(partition, this.#keys.statNames(day))
    const rows: Row[] = []
    for (let start = 0; start < names.length; start += CHUNK) {
      const some = names.slice(start, start + CHUNK)
      const keys = some.map((name) => this.#keys.stat(day, name))
      const counts = await this.#store.getMany(partition, keys)
      for (const [index, name] of some.entries()) {
        const count = Number(counts[index] ?? 0)
        rows.push(...countedOf(name).map((counted) => ({ ...counted, day, count })))
      }
    }
    return rows
  }
}

/** Every day from the first to the last. */
export function daysBetween(from: string, to: string): string[] {
  const days: string[] = []
  for (let at = Date.parse(from); at <= Date.parse(to); at += DAY_MS) {
    days.push(isoTime(at).slice(0, 10))
  }
  return days
}

function groupedBy(rows: readonly Row[], of: (row: Row) => string): Record<string, Totals> {
  return Object.fromEntries([...Map.groupBy(rows, of)].map(([name, some]) => [name, totals(some)]))
}

function totals(rows: readonly Row[]): Totals {
  const sums = Object.fromEntries(METRICS.map((metric) => [metric, 0])) as Record<Metric, number>
  for (const { metric, count } of rows) if (metric in sums) sums[metric] += count
  return sums
}
