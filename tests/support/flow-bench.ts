import type { OwnDirectory } from '../../services/directory/own-directory.ts'
import { ownWork } from '../../services/notifications/acceptance.ts'
import { type Message, messageOf } from '../../services/notifications/notification-record.ts'
import { ScheduledNotifications } from '../../services/notifications/scheduled-notifications.ts'
import type { Sending } from '../../services/notifications/sending.ts'
import { createServices, type Services } from '../../src/bootstrap/services.ts'
import type { JobHandler } from '../../src/queue/worker.ts'
import { Keys } from '../../src/store/keys.ts'
import { MemoryBus } from '../../src/store/memory-bus.ts'
import { openSqliteStore } from '../../src/store/sqlite/sqlite-store.ts'
import type { Lease, Store } from '../../src/store/store.ts'
import { silentLog as log } from './delivery.ts'
import { FakeClock } from './fake-clock.ts'

interface Parts {
  readonly store?: Store
  readonly now?: number
  /** That of the store, where one is given. */
  readonly clock?: FakeClock
  readonly tenant?: string
  readonly own?: OwnDirectory
}

/** Every service over one store, whose work is done when it is told to. */
export class FlowBench {
  readonly keys: Keys
  readonly clock: FakeClock
  readonly store: Store
  readonly services: Services

  constructor({ store, now, clock = new FakeClock(now), tenant = '', own }: Parts = {}) {
    this.keys = new Keys(tenant)
    this.clock = clock
    this.store = store ?? openSqliteStore({ path: ':memory:', clock: this.clock, log })
    this.services = createServices({
      ...{ store: this.store, keys: this.keys, clock: this.clock, log, bus: new MemoryBus() },
      ...(own === undefined ? {} : { ownDirectory: own }),
      retention: { notificationTtlMs: 0, unreadTtlMs: 0, inboxLimit: 1000 },
    })
  }

  send(userId: string, fields: Partial<Message> = {}, more: Partial<Sending> = {}) {
    const message = messageOf({ message: 'Hello', ...fields })
    return this.services.notifications.send({ userId, message, identity: ownWork, ...more })
  }

  async inbox(user: string) {
    return (await this.services.inbox.list(user, {}, 1000, null)).data
  }

  /** Takes what is due of a channel, and leaves it in hand. */
  async jobs(channel: string): Promise<Record<string, unknown>[]> {
    const leases = await this.#take(channel)
    return leases.map(({ job }) => JSON.parse(job) as Record<string, unknown>)
  }

  /** Does what is due of everything that waits for its time. */
  async work(): Promise<void> {
    const { notifications, followUps, recurrenceWork, broadcasts } = this.services
    const scheduled = new ScheduledNotifications({ ...this, log, notifications })
    await this.workOn('notification', scheduled.handle)
    await this.workOn('recurrence', recurrenceWork.handle)
    await this.workOn('broadcast', broadcasts.handle)
    await this.workOn('followup', followUps.handle)
  }

  async pass(ms: number): Promise<void> {
    this.clock.advance(ms)
    await this.work()
  }

  async workOn(channel: string, handler: JobHandler): Promise<void> {
    for (
      let leases = await this.#take(channel);
      leases.length > 0;
      leases = await this.#take(channel)
    )
      await Promise.all(leases.map((lease) => this.perform(lease, handler)))
  }

  /** What a worker does with a job. */
  async perform(lease: Lease, handler: JobHandler): Promise<void> {
    const { ops } = await handler(lease, new AbortController().signal)
    const guard = ['lease', lease.queue, lease.jobId, lease.token] as const
    await this.store.commit({ partition: lease.partition, guards: [guard], ops })
  }

  async #take(channel: string): Promise<Lease[]> {
    const partitions = Array.from({ length: this.store.partitions }, (_, n) => n)
    const queue = this.keys.queue(channel)
    const taken = await Promise.all(partitions.map((p) => this.store.take(p, queue, 500, 30_000)))
    return taken.flat()
  }
}

export const MINUTE_MS = 60_000
export const HOUR_MS = 60 * MINUTE_MS
export const DAY_MS = 24 * HOUR_MS
