import { Acceptance, type Identity, ownWork } from '../../services/notifications/acceptance.ts'
import type { EmailMessage } from '../../services/notifications/direct-message.ts'
import { DirectService } from '../../services/notifications/direct-service.ts'
import { Bell } from '../../src/queue/bell.ts'
import type { Bus } from '../../src/store/bus.ts'
import { Keys } from '../../src/store/keys.ts'
import { openSqliteStore, type SqliteStore } from '../../src/store/sqlite/sqlite-store.ts'
import type { Store } from '../../src/store/store.ts'
import { silentLog as log } from './delivery.ts'
import { FakeClock } from './fake-clock.ts'

/** A mail without anything special. */
export const PLAIN_MAIL: EmailMessage = {
  to: ['ada@example.com'],
  subject: 'Disk full',
  body: 'It is.',
  htmlBody: null,
  cc: [],
  bcc: [],
  replyTo: null,
  attachments: [],
  actions: [],
  priority: 'high',
  sendAt: null,
  expiresAt: null,
}

/** At once, and for ever. */
export const AT_ONCE = { priority: 'normal', sendAt: null, expiresAt: null } as const

/** The direct service over an embedded store in memory. */
export class DirectBench {
  readonly keys = new Keys()
  readonly clock = new FakeClock()
  readonly store: SqliteStore
  readonly service: DirectService
  readonly acceptance: Acceptance
  /** The bus channels on which workers were woken. */
  readonly rung: string[] = []

  constructor() {
    this.store = openSqliteStore({ path: ':memory:', clock: this.clock, log })
    this.acceptance = this.#acceptanceOver(this.store)
    this.service = this.serviceOver(this.store)
  }

  serviceOver(store: Store): DirectService {
    const { keys, clock } = this
    return new DirectService({ store, keys, clock, acceptance: this.#acceptanceOver(store) })
  }

  /** Takes every job of a channel that is due. */
  async jobs(channel = 'email'): Promise<Record<string, unknown>[]> {
    const leases = await this.store.take(0, this.keys.queue(channel), 2000, 30_000)
    return leases.map(({ job }) => JSON.parse(job) as Record<string, unknown>)
  }

  async log(key: string): Promise<Record<string, unknown>[]> {
    const lines = await this.store.list(0, key, 0, -1)
    return lines.map((line) => JSON.parse(line) as Record<string, unknown>)
  }

  #acceptanceOver(store: Store): Acceptance {
    const bus: Pick<Bus, 'publish'> = {
      publish: (channel) => {
        this.rung.push(channel)
        return Promise.resolve()
      },
    }
    return new Acceptance({ store, keys: this.keys, bell: new Bell({ bus: bus as Bus, log }) })
  }
}

/** The identity of a message with an idempotency key. */
export function keyed(idempotencyKey: string, digest = 'd'): Identity {
  return { ...ownWork, target: 'notifications/email/send', idempotencyKey, digest }
}

/** The identity of a QoS 2 packet. */
export function packet(id: string, dup = false): Identity {
  return { ...ownWork, packet: { id, dup, marker: null } }
}
