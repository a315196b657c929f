import { join } from 'node:path'
import type { Config } from '../config.ts'
import type { PacketMark, Principal } from '../context.ts'
import { serveMqttOverWebSocket } from '../gateway/mqtt-over-websocket.ts'
import { withoutCredentials } from '../mqtt/broker-address.ts'
import type { EmbeddedBroker } from '../mqtt/embedded/embedded-broker.ts'
import { startEmbeddedBroker } from '../mqtt/embedded/start-embedded-broker.ts'
import { createPublisher, startExternalBroker } from '../mqtt/external-broker.ts'
import type { Intake, Publisher } from '../mqtt/message.ts'
import type { Refusal } from '../mqtt/refusal.ts'
import type { Route } from '../mqtt/route.ts'
import type { Router } from '../mqtt/router.ts'
import { topicPrefix, withoutPrefix } from '../mqtt/topic-name.ts'
import type { Store } from '../store/store.ts'
import type { Clock } from '../support/clock.ts'
import type { Logger } from '../support/logger.ts'
import { makeDataFolder } from './data-folder.ts'

/** A broker that takes messages in and lets the service publish. */
export interface RunningBroker {
  readonly publisher: Publisher
  /** Where devices connect; `null` where the broker is not ours. */
  readonly port: number | null
  readonly description: string
  /** Whether messages come in and go out now. */
  isConnected(): boolean
  /** Takes in what is kept under these filters (without prefix). */
  offerKept(filters: readonly string[]): Promise<void>
  status(): object
  stop(deadlineMs: number): Promise<void>
}

interface Parts {
  readonly config: Config
  readonly node: string
  readonly router: Router
  readonly intake: Intake
  readonly store: Store
  readonly clock: Clock
  readonly log: Logger
  readonly onRefused: (refusal: Refusal) => Promise<void>
  readonly authenticate: (
    username: string | null,
    password: string | null,
    clientId: string,
  ) => Promise<Principal | null>
}

/**
 * Starts the broker inside the process, or connects to the one that `MQTT_URL`
 * names; a process that does not route only publishes there. `null`: no broker.
 */
export async function startBroker(parts: Parts): Promise<RunningBroker | null> {
  const { config } = parts
  const routes = config.roles.has('router')
  if (config.mqtt.external === null) return routes ? startInside(parts) : null
  return routes ? connectOutside(parts) : publishOutside(parts)
}

async function startInside(parts: Parts): Promise<RunningBroker> {
  const { config, store } = parts
  const { embedded, prefix } = config.mqtt
  makeDataFolder(config.dataDir)
  const { host, port, tlsPort, tls } = embedded
  const broker = await startEmbeddedBroker<Route>({
    ...parts,
    host,
    port,
    ...(tlsPort !== null && tls !== null ? { tlsPort, tls } : {}),
    dataFile: join(config.dataDir, 'broker.db'),
    prefix,
    concurrencyOf: (route) => (route.shared ? route.workerCount * 64 : 1024),
    authRequired: config.auth.mode === 'token',
    releasePacket: (mark) => release(store, mark),
  })
  const accept = broker.accept.bind(broker)
  const web =
    embedded.wsPort === null
      ? null
      : await serveMqttOverWebSocket({ host, port: embedded.wsPort, accept })
  return {
    publisher: broker.publisher,
    port: broker.port,
    description: `embedded, mqtt://${host}:${broker.port}${web ? ` and ws://${host}:${web.port}` : ''}`,
    isConnected: () => broker.status().state === 'open',
    offerKept: (filters) => offerKept(broker, { ...parts, filters, prefix: topicPrefix(prefix) }),
    status: () => broker.status(),
    async stop(deadlineMs) {
      await broker.stop(deadlineMs)
      web?.stop()
    },
  }
}

async function connectOutside(parts: Parts): Promise<RunningBroker> {
  const { config, store } = parts
  const { external, prefix, group, clientId } = config.mqtt
  if (external === null) throw new Error('there is no external broker')
  const broker = await startExternalBroker({
    ...parts,
    ...external,
    prefix,
    group,
    clientId,
    onReleased: (mark) => release(store, mark),
    times: { backoff: external.retry },
  })
  return {
    publisher: broker.publisher,
    port: null,
    description: external.urls.map((url) => withoutCredentials(url)).join(', '),
    isConnected: () => broker.status().connected,
    offerKept: (filters) => broker.offerKept(filters),
    status: () => broker.status(),
    stop: (hardDeadlineMs) => broker.stop({ hardDeadlineMs }),
  }
}

async function publishOutside(parts: Parts): Promise<RunningBroker> {
  const { external, prefix, clientId } = parts.config.mqtt
  if (external === null) throw new Error('there is no external broker')
  const publisher = createPublisher({ ...parts, ...external, prefix, clientId })
  publisher.start()
  return {
    publisher,
    port: null,
    description: external.urls.map((url) => withoutCredentials(url)).join(', '),
    isConnected: () => publisher.connected,
    offerKept: async () => {},
    status: () => publisher.status(),
    stop: (deadlineMs) => publisher.stop(deadlineMs),
  }
}

interface Offer extends Pick<Parts, 'intake'> {
  readonly filters: readonly string[]
  readonly prefix: string
}

/** Hands what our own broker keeps to the intake, one after the other. */
async function offerKept(
  broker: EmbeddedBroker,
  { intake, filters, prefix }: Offer,
): Promise<void> {
  for (const { topic, payload } of broker.kept(filters.map((filter) => prefix + filter))) {
    await intake({
      ...{
        topic: withoutPrefix(topic, prefix) ?? topic,
        payload,
        qos: 0,
        retained: true,
        meta: {},
      },
      ...{ responseTopic: null, correlationData: null, peer: '', principal: null },
      ...{ packet: null, only: null },
    })
  }
}

/** The broker is done with a packet: its mark is not needed any more. */
function release(store: Store, { marker }: PacketMark): void {
  if (marker === null) return
  const { partition, key } = marker
  // A mark that stays ends by itself after an hour.
  store.commit({ partition, ops: [['del', key]] }).catch(() => undefined)
}
