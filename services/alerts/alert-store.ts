import { isoTime, type Keys, NotFound, type Op, partitionOf, type Store } from '../../src/index.ts'
import { AlertIndex } from './alert-index.ts'
import {
  type AlertLogEntry,
  type AlertRecord,
  parseAlert,
  type StoredAlert,
} from './alert-record.ts'

const LOG_LIMIT = 1000
const RECENT_LIMIT = 1000
const PAGE = 500
const NEVER = Number.MAX_SAFE_INTEGER

/** An alert, and its stored text for compare-and-set. */
export interface ReadAlert {
  readonly alert: StoredAlert
  readonly text: string
}

/** How alerts are kept: the record, its count and its log, and the index of open ones. */
export class AlertStore {
  /** In which sets open alerts are found. */
  readonly index: AlertIndex
  readonly #store: Store
  readonly #keys: Keys

  constructor(parts: { store: Store; keys: Keys }) {
    this.#store = parts.store
    this.#keys = parts.keys
    this.index = new AlertIndex(parts)
  }

  partition(id: string): number {
    return partitionOf(id, this.#store.partitions)
  }

  /** The stored text too, for compare-and-set. `NotFound` when there is none. */
  async read(id: string): Promise<ReadAlert> {
    const found = await this.look(id)
    if (found === null) throw new NotFound(`There is no alert ${id}.`)
    return found
  }

  /** The same; `null` when nothing is left of it. */
  async look(id: string): Promise<ReadAlert | null> {
    const text = await this.#store.get(this.partition(id), this.#keys.alert(id))
    return text === null ? null : { alert: parseAlert(text), text }
  }

  /** The alert, or `null` when nothing is left of it. */
  async readIfAny(id: string): Promise<StoredAlert | null> {
    return (await this.look(id))?.alert ?? null
  }

  /** The alert as the wire shows it, with count and log. */
  async find(id: string): Promise<AlertRecord> {
    const { alert } = await this.read(id)
    return this.#complete(alert)
  }

  /** With count and log. */
  complete(alerts: readonly StoredAlert[]): Promise<AlertRecord[]> {
    return Promise.all(alerts.map((alert) => this.#complete(alert)))
  }

  /** How many alerts are open. */
  async openCount(): Promise<number> {
    const counts = await Promise.all(
      this.partitions.map((n) => this.#store.count(n, this.#keys.openAlerts())),
    )
    return counts.reduce((sum, count) => sum + count, 0)
  }

  /** Every open alert, however many; oldest first within each partition. */
  async *open(): AsyncGenerator<StoredAlert> {
    for (const partition of this.partitions) yield* this.openIn(partition)
  }

  /** Those of one partition that were raised at a moment (epoch seconds) or later, oldest first. */
  async *openIn(partition: number, since = 0): AsyncGenerator<StoredAlert> {
    let [from, limit, seen] = [since, PAGE, new Set<string>()]
    for (;;) {
      const key = this.#keys.openAlerts()
      const page = await this.#store.rangeByScore(partition, key, from, NEVER, limit)
      const fresh = page.map(({ member }) => member).filter((id) => !seen.has(id))
      yield* await this.#readAll(partition, fresh)
      const last = page.at(-1)
      if (page.length < limit || last === undefined) return
      // More at one moment than a page holds: the next page is larger.
      if (last.score === from) limit *= 2
      from = last.score
      seen = new Set(page.flatMap(({ member, score }) => (score === from ? [member] : [])))
    }
  }

  /** Of every partition the newest of all states, up to a thousand of each. */
  async recent(): Promise<StoredAlert[]> {
    const found = await Promise.all(
      this.partitions.map(async (n) => {
        const ids = await this.#store.list(n, this.#keys.recentAlerts(), 0, -1)
        return this.#readAll(n, ids)
      }),
    )
    return found.flat()
  }

  /** Where alerts lie. */
  get partitions(): readonly number[] {
    return Array.from({ length: this.#store.partitions }, (_, n) => n)
  }

  async #readAll(partition: number, ids: readonly string[]): Promise<StoredAlert[]> {
    const texts = await this.#store.getMany(
      partition,
      ids.map((id) => this.#keys.alert(id)),
    )
    return texts.flatMap((text) => (text === null ? [] : [parseAlert(text)]))
  }

  createOps(alert: StoredAlert, log: readonly AlertLogEntry[]): Op[] {
    const { id } = alert
    return [
      ['set', this.#keys.alert(id), JSON.stringify(alert), 0],
      ['set', this.#keys.alertDedup(alert.dedup_key), id, 0],
      ['incr', this.#keys.alertCount(id), 1, 0],
      ['zadd', this.#keys.openAlerts(), alert.timestamp, id],
      ['push', this.#keys.recentAlerts(), id, RECENT_LIMIT],
      ...this.criticalOps(null, alert),
      ...this.index.ops(null, alert),
      ...this.logOps(id, log),
    ]
  }

  /** Lists an alert among the critical ones once it is one. */
  criticalOps(before: StoredAlert | null, { id, severity }: StoredAlert): Op[] {
    if (severity !== 'critical' || before?.severity === 'critical') return []
    return [['push', this.#keys.criticalAlerts(), id, RECENT_LIMIT]]
  }

  logOps(id: string, entries: readonly AlertLogEntry[]): Op[] {
    return entries.map((entry) => [
      'push',
      this.#keys.alertLog(id),
      JSON.stringify(entry),
      LOG_LIMIT,
    ])
  }

  /** Adds to the log of an alert while it is as it was read; `false`: it is not any more. */
  async note({ alert: { id }, text }: ReadAlert, entries: readonly AlertLogEntry[]) {
    const guards = [['expect', this.#keys.alert(id), text] as const]
    const ops = this.logOps(id, entries)
    const outcome = await this.#store.commit({ partition: this.partition(id), guards, ops })
    return outcome.applied
  }

  /** An alert that is seen again only counts. */
  seenAgainOps(id: string, now: number): Op[] {
    return [
      ['incr', this.#keys.alertCount(id), 1, 0],
      ['set', this.#keys.alertSeen(id), isoTime(now), 0],
    ]
  }

  /** Resolved alerts leave the indexes; what is left of them ends with `ttlMs`. */
  closeOps(alert: StoredAlert, ttlMs: number): Op[] {
    const { id } = alert
    return [
      ['set', this.#keys.alert(id), JSON.stringify(alert), ttlMs],
      ['del', this.#keys.alertDedup(alert.dedup_key)],
      ['zrem', this.#keys.openAlerts(), id],
      ['pull', this.#keys.criticalAlerts(), id],
      ['expire', this.#keys.alertCount(id), ttlMs],
      ['expire', this.#keys.alertSeen(id), ttlMs],
      ['expire', this.#keys.alertLog(id), ttlMs],
      ['expire', this.#keys.alertTold(id), ttlMs],
    ]
  }

  /** Who is told of an alert also hears what becomes of it. */
  toldOps(id: string, users: readonly string[]): Op[] {
    return users.map((user) => ['sadd', this.#keys.alertTold(id), user])
  }

  told(id: string): Promise<string[]> {
    return this.#store.members(this.partition(id), this.#keys.alertTold(id))
  }

  /** When the alert was last reported (epoch ms), and the stored text for compare-and-set. */
  async lastSeen(alert: StoredAlert): Promise<{ at: number; text: string | null }> {
    const text = await this.#store.get(this.partition(alert.id), this.#keys.alertSeen(alert.id))
    return { at: text === null ? alert.timestamp * 1000 : Date.parse(text), text }
  }

  async #complete(alert: StoredAlert): Promise<AlertRecord> {
    const partition = this.partition(alert.id)
    const [[count, seen], log] = await Promise.all([
      this.#store.getMany(partition, [
        this.#keys.alertCount(alert.id),
        this.#keys.alertSeen(alert.id),
      ]),
      this.#store.list(partition, this.#keys.alertLog(alert.id), 0, -1),
    ])
    return {
      ...alert,
      count: Number(count ?? 1),
      last_seen_at: seen ?? alert.created_at,
      log: log.reverse().map((entry) => JSON.parse(entry) as AlertLogEntry),
    }
  }
}
