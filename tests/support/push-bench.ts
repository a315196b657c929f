import type { Provider } from '../../services/channels/channel.ts'
import { CircuitBreaker } from '../../services/channels/circuit-breaker.ts'
import { OutboxProvider } from '../../services/channels/outbox-provider.ts'
import { PushProvider } from '../../services/channels/push.ts'
import type { PushCarrier } from '../../services/channels/push-carrier.ts'
import type { CarrierName } from '../../services/channels/push-routing.ts'
import { Outbox } from '../../services/deliveries/outbox.ts'
import { Directory } from '../../services/directory/directory.ts'
import { Memberships } from '../../services/directory/memberships.ts'
import type { Device } from '../../services/directory/user-record.ts'
import { Keys } from '../../src/store/keys.ts'
import { openSqliteStore, type SqliteStore } from '../../src/store/sqlite/sqlite-store.ts'
import { Delivery, silentLog as log } from './delivery.ts'
import { FakeClock } from './fake-clock.ts'

const NOTE = { title: 'Disk full', body: 'It is.', data: { rack: 7, where: 'cellar' } }

/** Push notifications to the devices of one user, over a store in memory. */
export class PushBench {
  readonly clock = new FakeClock()
  readonly store: SqliteStore = openSqliteStore({ path: ':memory:', clock: this.clock, log })
  readonly outbox: Outbox
  readonly directory: Directory
  readonly breakers = new Map<CarrierName, CircuitBreaker>()
  readonly #keys = new Keys()
  readonly #carriers: Partial<
    Record<CarrierName, { carrier: PushCarrier; breaker: CircuitBreaker }>
  > = {}
  #provider: PushProvider | null = null

  constructor() {
    const base = { store: this.store, keys: this.#keys }
    this.outbox = new Outbox(base)
    this.directory = new Directory({ ...base, memberships: new Memberships(base) })
  }

  use(name: CarrierName, carrier: PushCarrier): this {
    const breaker = new CircuitBreaker({ clock: this.clock })
    this.breakers.set(name, breaker)
    this.#carriers[name] = { carrier, breaker }
    return this
  }

  get provider(): PushProvider {
    this.#provider ??= new PushProvider({
      carriers: this.#carriers,
      outbox: new OutboxProvider({
        ...{ channel: 'push', outbox: this.outbox, clock: this.clock, from: 'a@example.com' },
      }),
      directory: this.directory,
      clock: this.clock,
      unreadCount: async () => 3,
    })
    return this.#provider
  }

  /** A delivery to these tokens of a platform. */
  toTokens(platform: Device['platform'], tokens: readonly string[], content: object = {}) {
    return this.#deliver({ ...NOTE, platform, tokens, ...content })
  }

  /** A delivery to a user, who has these devices from now on. */
  async toUser(devices: readonly Device[], content: object = {}) {
    for (const device of devices) await this.directory.addDevice('ada', device)
    const delivery = this.#deliver({ ...NOTE, ...content })
    delivery.job = { ...delivery.job, user_id: 'ada', notification_id: 'n1' }
    return delivery
  }

  async stop(): Promise<void> {
    await this.provider.close()
    await this.store.close()
  }

  #deliver(content: object): Delivery {
    return new Delivery(this.provider as Provider, this.clock, 'push', content)
  }
}
