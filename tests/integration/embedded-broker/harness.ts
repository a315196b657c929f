import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import mqtt, { type IClientOptions, type MqttClient } from 'mqtt'
import { afterEach } from 'vitest'
import type { Principal } from '../../../src/context.ts'
import type { EmbeddedBrokerOptions } from '../../../src/mqtt/embedded/broker-options.ts'
import type { EmbeddedBroker } from '../../../src/mqtt/embedded/embedded-broker.ts'
import { startEmbeddedBroker } from '../../../src/mqtt/embedded/start-embedded-broker.ts'
import type { IncomingMessage } from '../../../src/mqtt/message.ts'
import type { Refusal } from '../../../src/mqtt/refusal.ts'
import type { Route } from '../../../src/mqtt/route.ts'
import { Router } from '../../../src/mqtt/router.ts'
import { systemClock } from '../../../src/support/clock.ts'
import { createLogger } from '../../../src/support/logger.ts'

type Options = EmbeddedBrokerOptions<Route>

export interface TestBroker {
  readonly broker: EmbeddedBroker
  readonly url: string
  /** What the intake was given, in order. */
  readonly taken: IncomingMessage[]
  readonly refusals: Refusal[]
  readonly log: string[]
}

const cleanups: (() => unknown)[] = []

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

/** Runs when the test has ended, last one first. */
export function atEnd(cleanup: () => unknown): void {
  cleanups.push(cleanup)
}

/** A router with real routes; their handlers are not reached, the intake of the test is. */
export function testRouter(): Router {
  const router = new Router()
  const handler = async () => ({})
  router.on('notifications/realtime/user/{user_id}', { qos: 1 }, handler)
  router.on('notifications/alerts/critical/{alert_type}', { qos: 2 }, handler)
  router.on('events/{event_name}', { qos: 1, shared: true, workerCount: 2 }, handler)
  return router
}

export async function startBroker(overrides: Partial<Options> = {}): Promise<TestBroker> {
  const taken: IncomingMessage[] = []
  const refusals: Refusal[] = []
  const log: string[] = []
  const broker = await startEmbeddedBroker<Route>({
    host: '127.0.0.1',
    port: 0,
    dataFile: ':memory:',
    router: testRouter(),
    concurrencyOf: (route) => (route.shared ? route.workerCount : 1000),
    async intake(message) {
      taken.push(message)
      return 'handled'
    },
    prefix: '',
    authenticate: async () => null,
    authRequired: false,
    node: 'test',
    clock: systemClock,
    log: createLogger('debug', { write: (line) => void log.push(line) }),
    async onRefused(refusal) {
      refusals.push(refusal)
    },
    ...overrides,
  })
  atEnd(() => broker.stop(1000))
  return { broker, url: `mqtt://127.0.0.1:${broker.port}`, taken, refusals, log }
}

const inboxes = new WeakMap<MqttClient, string[]>()

/** Connects by mqtt.js, without retries unless told. */
export async function connect(url: string, options: IClientOptions = {}): Promise<MqttClient> {
  const client = mqtt.connect(url, { reconnectPeriod: 0, ...options })
  atEnd(() => client.endAsync(true))
  const messages: string[] = []
  client.on('message', (topic, payload) => messages.push(`${topic} ${payload}`))
  inboxes.set(client, messages)
  await new Promise<void>((resolve, reject) => {
    client.once('connect', () => resolve())
    client.once('error', reject)
  })
  return client
}

/** What a client has received since it was made, as `topic payload`. */
export function received(client: MqttClient): string[] {
  return inboxes.get(client) ?? []
}

/** A directory that goes with the test. */
export async function temporaryDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'belfry-broker-'))
  atEnd(() => rm(directory, { recursive: true, force: true }))
  return directory
}

export function principal(id: string, extra: Partial<Principal> = {}): Principal {
  return {
    id,
    tenant: '',
    roles: [],
    groups: [],
    scopes: ['publish', 'read'],
    topics: null,
    channels: null,
    expiresAt: null,
    via: 'token',
    ...extra,
  }
}
