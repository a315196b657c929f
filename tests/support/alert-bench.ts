import type { AlertNews, AlertRecord, AlertReport } from '../../services/alerts/alert-record.ts'
import { ownWork } from '../../services/notifications/acceptance.ts'
import { createServices, type Services } from '../../src/bootstrap/services.ts'
import { Keys } from '../../src/store/keys.ts'
import { MemoryBus } from '../../src/store/memory-bus.ts'
import { openSqliteStore, type SqliteStore } from '../../src/store/sqlite/sqlite-store.ts'
import type { Lease } from '../../src/store/store.ts'
import { silentLog as log } from './delivery.ts'
import { FakeClock } from './fake-clock.ts'

export const MINUTE_MS = 60_000
export const DAY_MS = 1440 * MINUTE_MS

/** What somebody was told, without the machinery around it. */
export interface Heard {
  readonly type: string
  readonly title: string
  readonly message: string
  readonly channels: readonly string[]
}

/** Alerts over an embedded store in memory and a clock that is told to move. */
export class AlertBench {
  readonly keys = new Keys()
  readonly clock: FakeClock
  readonly news: AlertNews[] = []
  store: SqliteStore
  services: Services
  readonly #path: string

  constructor({ now, path = ':memory:' }: { now?: number; path?: string } = {}) {
    this.clock = new FakeClock(now)
    this.#path = path
    this.store = openSqliteStore({ path, clock: this.clock, log })
    this.services = this.process()
  }

  /** The service stops and starts again, on the same file. */
  async restart(): Promise<void> {
    await this.store.close()
    this.store = openSqliteStore({ path: this.#path, clock: this.clock, log })
    this.services = this.process()
  }

  /** One more process of the service over the same store. */
  process(): Services {
    const { store, keys, clock } = this
    return createServices({
      ...{ store, keys, clock, log, bus: new MemoryBus() },
      retention: { notificationTtlMs: 0, unreadTtlMs: 0, inboxLimit: 1000 },
      onAlertNews: (news) => this.news.push(news),
    })
  }

  /** Raises an alert and does what is to be done at once; resolves to its id. */
  async raise(given: Partial<AlertReport> = {}): Promise<string> {
    const report: AlertReport = {
      ...{ type: 'fire', severity: 'critical' as const, message: 'It burns', source: 'hall 3' },
      ...{ affectedSystems: [], labels: {}, data: {}, dedupKey: null },
      ...given,
    }
    const { alert_id } = await this.services.alerts.raise(report, ownWork)
    await this.work()
    return alert_id
  }

  /** Leaves somebody with an address for every channel that alerts use. */
  async person(id: string, changes: object = {}): Promise<void> {
    await this.services.directory.save(id, {
      ...{ email: `${id}@example.com`, phone: '+12025550123' },
      ...changes,
    })
  }

  /** The code that was sent last to a telephone. */
  async codeSent(): Promise<string> {
    const leases = await this.store.take(0, this.keys.queue('sms'), 100, 30_000)
    const texts = leases.map(({ job }) => (JSON.parse(job) as { message: string }).message)
    return texts.flatMap((text) => /^(\d{6}) is your code/.exec(text)?.[1] ?? []).at(-1) ?? ''
  }

  async provePhone(user: string): Promise<void> {
    await this.services.contacts.sendCode(user, 'phone')
    await this.services.contacts.verify(user, 'phone', await this.codeSent())
  }

  onCall(type: string, ...users: string[]): Promise<void> {
    return this.services.memberships.setOnCall(type, users, true)
  }

  show(id: string): Promise<AlertRecord> {
    return this.services.alertStore.find(id)
  }

  /** The words of an alert's log. */
  async history(id: string): Promise<string[]> {
    return (await this.show(id)).log.map(({ what }) => what)
  }

  /** Everything somebody was told, oldest first. */
  async heard(user: string): Promise<Heard[]> {
    const { data } = await this.services.inbox.list(user, {}, 1000, null)
    return data
      .map(({ type, title, message, channels }) => ({ type, title, message, channels }))
      .reverse()
  }

  async heardTypes(user: string): Promise<string[]> {
    return (await this.heard(user)).map(({ type }) => type)
  }

  /** Lets minutes pass, doing everything in the moment it becomes due. */
  async pass(minutes: number): Promise<void> {
    const end = this.clock.now() + minutes * MINUTE_MS
    for (;;) {
      await this.work()
      const { nextDueAt } = await this.store.depth(0, this.keys.queue('alert'))
      if (nextDueAt === null || nextDueAt > end) break
      this.clock.leap(Math.max(0, nextDueAt - this.clock.now()))
    }
    this.clock.leap(end - this.clock.now())
    await this.work()
  }

  /** Does all work for alerts that is due. */
  async work(services = this.services): Promise<number> {
    let done = 0
    for (let leases = await this.take(); leases.length > 0; leases = await this.take()) {
      await Promise.all(leases.map((lease) => this.perform(lease, services)))
      done += leases.length
    }
    return done
  }

  take(): Promise<Lease[]> {
    return this.store.take(0, this.keys.queue('alert'), 100, 30_000)
  }

  /** What a worker does with a job. */
  async perform(lease: Lease, { alertWork }: Services): Promise<void> {
    const { ops } = await alertWork.handle(lease)
    await this.store.commit({
      partition: 0,
      guards: [['lease', lease.queue, lease.jobId, lease.token]],
      ops,
    })
  }
}
