import { isoTime, type Keys, NotFound, type Op, partitionOf, type Store } from '../../src/index.ts'
import {
  type AlertLogEntry,
  type AlertRecord,
  originHash,
  parseAlert,
  type StoredAlert,
} from './alert-record.ts'

const LOG_LIMIT = 1000
const RECENT_LIMIT = 1000

/** How alerts are kept: the record, its count and its log, and the index of open ones. */
export class AlertStore {
  readonly #store: Store
  readonly #keys: Keys

  constructor(parts: { store: Store; keys: Keys }) {
    this.#store = parts.store
    this.#keys = parts.keys
  }

  partition(id: string): number {
    return partitionOf(id, this.#store.partitions)
  }

  /** The stored text too, for compare-and-set. `NotFound` when there is none. */
  async read(id: string): Promise<{ alert: StoredAlert; text: string }> {
    const text = await this.#store.get(this.partition(id), this.#keys.alert(id))
    if (text === null) throw new NotFound(`There is no alert ${id}.`)
    return { alert: parseAlert(text), text }
  }

  /** The alert, or `null` when nothing is left of it. */
  async readIfAny(id: string): Promise<StoredAlert | null> {
    const text = await this.#store.get(this.partition(id), this.#keys.alert(id))
    return text === null ? null : parseAlert(text)
  }

  /** The alert as the wire shows it, with count and log. */
  async find(id: string): Promise<AlertRecord> {
    const { alert } = await this.read(id)
    return this.#complete(alert)
  }

  /** Open alerts, oldest first, or the newest of all states. */
  async list(state: 'open' | 'all', limit: number): Promise<AlertRecord[]> {
    const pages = await Promise.all(
      Array.from({ length: this.#store.partitions }, (_, partition) =>
        this.#ids(partition, state, limit),
      ),
    )
    const found = await Promise.all(pages.flat().map((id) => this.readIfAny(id)))
    const order = (a: StoredAlert, b: StoredAlert) => a.timestamp - b.timestamp
    const alerts = found
      .filter((alert) => alert !== null)
      .sort(state === 'open' ? order : (a, b) => order(b, a))
      .slice(0, limit)
    return Promise.all(alerts.map((alert) => this.#complete(alert)))
  }

  createOps(alert: StoredAlert, log: readonly AlertLogEntry[]): Op[] {
    const { id } = alert
    return [
      ['set', this.#keys.alert(id), JSON.stringify(alert), 0],
      ['set', this.#keys.alertDedup(alert.dedup_key), id, 0],
      ['incr', this.#keys.alertCount(id), 1, 0],
      ['zadd', this.#keys.openAlerts(), alert.timestamp, id],
      ['push', this.#keys.recentAlerts(), id, RECENT_LIMIT],
      ...(alert.severity === 'critical'
        ? [['push', this.#keys.criticalAlerts(), id, RECENT_LIMIT] as const]
        : []),
      ...this.indexOps(alert),
      ...this.logOps(id, log),
    ]
  }

  /** Where an open alert is found, besides the list of all. */
  indexOps(alert: StoredAlert): Op[] {
    const unanswered: Op[] =
      alert.status === 'triggered' ? [['sadd', this.#unansweredKey(alert), alert.id]] : []
    return [...unanswered, ...this.inhibitingOps(alert, 'sadd')]
  }

  /** Puts an alert under the names by which it keeps others quiet, or takes it away from there. */
  inhibitingOps({ id, inhibits }: StoredAlert, verb: 'sadd' | 'srem'): Op[] {
    return inhibits.map((name) => [verb, this.#keys.inhibiting(name), id])
  }

  /** Ids of alerts that are found under a name, of every partition. */
  async inhibiting(name: string): Promise<string[]> {
    const found = await Promise.all(
      Array.from({ length: this.#store.partitions }, (_, n) =>
        this.#store.members(n, this.#keys.inhibiting(name)),
      ),
    )
    return found.flat()
  }

  /** Keeps the list of what nobody answered of a source, part of every change of a state. */
  unansweredOps(before: StoredAlert, after: StoredAlert): Op[] {
    const [was, is] = [before.status === 'triggered', after.status === 'triggered']
    if (was === is) return []
    return [[is ? 'sadd' : 'srem', this.#unansweredKey(after), after.id]]
  }

  /** How many alerts of the same source nobody answered; in every partition. */
  async unanswered(alert: Pick<StoredAlert, 'source' | 'type'>): Promise<number> {
    const key = this.#unansweredKey(alert)
    const counts = await Promise.all(
      Array.from({ length: this.#store.partitions }, (_, n) => this.#store.count(n, key)),
    )
    return counts.reduce((sum, count) => sum + count, 0)
  }

  #unansweredKey(alert: Pick<StoredAlert, 'source' | 'type'>): string {
    return this.#keys.unansweredAlerts(originHash(alert))
  }

  logOps(id: string, entries: readonly AlertLogEntry[]): Op[] {
    return entries.map((entry) => [
      'push',
      this.#keys.alertLog(id),
      JSON.stringify(entry),
      LOG_LIMIT,
    ])
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
      ...this.inhibitingOps(alert, 'srem'),
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

  async #ids(partition: number, state: 'open' | 'all', limit: number): Promise<string[]> {
    if (state === 'all') return this.#store.list(partition, this.#keys.recentAlerts(), 0, limit - 1)
    const open = await this.#store.rangeByScore(
      partition,
      this.#keys.openAlerts(),
      0,
      Number.MAX_SAFE_INTEGER,
      limit,
    )
    return open.map(({ member }) => member)
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
