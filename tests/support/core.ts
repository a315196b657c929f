import { tmpdir } from 'node:os'
import { AccessService } from '../../services/access/access-service.ts'
import { Breakers } from '../../services/channels/breakers.ts'
import { createMiddleware } from '../../src/bootstrap/middleware.ts'
import { pacingBy } from '../../src/bootstrap/pacing.ts'
import { createProviders } from '../../src/bootstrap/providers.ts'
import { createServices, type Services } from '../../src/bootstrap/services.ts'
import { createTopics } from '../../src/bootstrap/topics.ts'
import { createWorkers } from '../../src/bootstrap/workers.ts'
import { loadConfig } from '../../src/config.ts'
import { Dispatcher } from '../../src/mqtt/dispatcher.ts'
import type { IncomingMessage, Publisher } from '../../src/mqtt/message.ts'
import type { Router } from '../../src/mqtt/router.ts'
import type { Worker } from '../../src/queue/worker.ts'
import { Keys } from '../../src/store/keys.ts'
import { MemoryBus } from '../../src/store/memory-bus.ts'
import { openSqliteStore, type SqliteStore } from '../../src/store/sqlite/sqlite-store.ts'
import { systemClock as clock } from '../../src/support/clock.ts'
import { createLogger } from '../../src/support/logger.ts'
import { Metrics } from '../../src/support/metrics.ts'

interface Published {
  readonly topic: string
  readonly text: string
}

/** The real routes, middleware and services over a store in memory, without a broker or a port. */
export class Core {
  readonly store: SqliteStore
  readonly services: Services
  readonly router: Router
  /** What it published: replies, errors, updates. */
  readonly published: Published[] = []
  /** Errors and worse that it logged. */
  readonly errors: string[] = []
  readonly #bus = new MemoryBus()
  readonly #keys = new Keys()
  readonly #config = loadConfig({ RATE_LIMIT: 'off' }, tmpdir())
  readonly #log = createLogger('error', { write: (line) => void this.errors.push(line) })
  readonly #dispatcher: Dispatcher
  readonly #publisher: Publisher = {
    publish: async (topic, payload) => void this.published.push({ topic, text: String(payload) }),
  }
  #workers: Pick<Worker, 'start' | 'stop'>[] = []

  constructor() {
    const config = this.#config
    const base = { bus: this.#bus, keys: this.#keys, clock, log: this.#log }
    this.store = openSqliteStore({ path: ':memory:', clock, log: this.#log })
    const store = this.store
    this.services = createServices({ ...base, store, retention: config.retention })
    const access = new AccessService({ ...base, store, settings: config.auth })
    const middleware = createMiddleware({ config, access, store, clock, metrics: new Metrics() })
    this.router = createTopics(this.services, middleware)
    this.#dispatcher = new Dispatcher({
      ...{ ...base, router: this.router, publisher: this.#publisher, prefix: '' },
      onRefused: async (refusal) => {
        await this.services.deadLetters.add({ ...refusal, door: 'mqtt' })
      },
    })
  }

  /** One message, as a broker would hand it over. */
  take(topic: string, payload: Buffer | string, more: Partial<IncomingMessage> = {}) {
    return this.#dispatcher.dispatch({
      ...{ topic, payload: Buffer.from(payload), qos: 1, retained: false, meta: {}, peer: 'test' },
      ...{ responseTopic: null, correlationData: null, principal: null, packet: null, only: null },
      ...more,
    })
  }

  /** The reply to a message. */
  async ask(topic: string, payload: object): Promise<Record<string, unknown>> {
    const responseTopic = `notifications/replies/${Math.random()}`
    await this.take(topic, JSON.stringify(payload), { responseTopic })
    const reply = this.published.find((one) => one.topic === responseTopic)
    return JSON.parse(reply?.text ?? 'null')
  }

  /** Begins to work on what was accepted; every channel ends in the outbox. */
  async work(): Promise<void> {
    const { store, services } = this
    const log = this.#log
    const providers = createProviders({
      ...{ config: this.#config, services, publisher: this.#publisher, store, clock, log },
      ...{ keys: this.#keys, breakers: new Breakers({ clock, log }), pacing: pacingBy([], clock) },
    })
    this.#workers = createWorkers({
      ...{ store, services, providers, bus: this.#bus, keys: this.#keys, clock, log: this.#log },
      ...{ queue: this.#config.queue, onOutcome: () => {} },
    })
    await Promise.all(this.#workers.map((worker) => worker.start()))
  }

  async stop(): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.stop(1000)))
    await this.#bus.close()
    await this.store.close()
  }
}
