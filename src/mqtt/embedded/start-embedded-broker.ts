import type { Socket } from 'node:net'
import type { Client } from 'aedes'
import mqemitter from 'mqemitter'
import { TooLarge } from '../../support/errors.ts'
import type { Refusal } from '../refusal.ts'
import { topicPrefix, withoutPrefix } from '../topic-name.ts'
import { AccessRules } from './access-rules.ts'
import { Admission } from './admission.ts'
import { AedesPersistence } from './aedes-persistence.ts'
import { Backlogs } from './backlogs.ts'
import type { EmbeddedBrokerOptions } from './broker-options.ts'
import { BrokerStore } from './broker-store.ts'
import { Connections } from './connections.ts'
import { openDoor } from './doors.ts'
import { EmbeddedBroker } from './embedded-broker.ts'
import { OrderedBroker } from './ordered-broker.ts'
import { OwnPublisher } from './own-publisher.ts'
import { PacketGuard } from './packet-guard.ts'
import { PublishHook } from './publish-hook.ts'
import { shareSubscriptions } from './shared-groups.ts'
import { SparingLog } from './sparing-log.ts'
import { Subscribing } from './subscribing.ts'
import { MAX_INCOMING, TakeIn } from './take-in.ts'

const MAX_PACKET_BYTES = (256 + 64) * 1024

/** Where aedes' own defaults would be too generous or too tight. Milliseconds. */
const LIMITS = {
  connectTimeout: 10_000,
  /** A subscriber that reads nothing for so long is cut, because others wait for him. */
  drainTimeout: 15_000,
  maxInflightInbound: MAX_INCOMING,
  maxTopicLevels: 100,
  /** Four of these after a crash, wills that were left behind are published. */
  heartbeatInterval: 15_000,
}

/**
 * Starts the broker inside the process: MQTT 3.1.1, `$share` for clean sessions.
 * Rejects with `Conflict` when a port is taken, with `Unavailable` when the file
 * cannot be used.
 */
export async function startEmbeddedBroker<Route extends object>(
  options: EmbeddedBrokerOptions<Route>,
): Promise<EmbeddedBroker> {
  const prefix = topicPrefix(options.prefix)
  const embedded = await assemble({ ...options, prefix })
  const { host, log, node, tls, tlsPort } = options
  const door = {
    host,
    onConnection: (socket: Socket) => embedded.accept(socket),
    onError: (error: Error) => log.debug({ err: error }, 'a connection to the broker failed'),
  }
  try {
    const doors = [await openDoor({ ...door, port: options.port, variable: 'MQTT_PORT' })]
    embedded.listenAt(doors)
    if (tls && tlsPort !== undefined) {
      doors.push(await openDoor({ ...door, tls, port: tlsPort, variable: 'MQTT_TLS_PORT' }))
    }
    await embedded.publisher.publish(`belfry/status/${node}`, 'online', { retain: true })
  } catch (error) {
    await embedded.stop(0)
    throw error
  }
  return embedded
}

async function assemble<Route extends object>(
  options: EmbeddedBrokerOptions<Route>,
): Promise<EmbeddedBroker> {
  const { clock, log, prefix, authRequired, node, authenticate } = options
  const addresses = new WeakMap<Client, string>()
  const sparing = new SparingLog(clock)
  const connections = new Connections()
  const access = new AccessRules({ authRequired, prefix })
  let dropped = 0
  const store = new BrokerStore({
    file: options.dataFile,
    onDropped(clientId) {
      dropped += 1
      const say = () => log.warn({ client: clientId }, 'its queue is full: oldest messages go')
      sparing.once(`full ${clientId}`, say)
    },
  })
  const backlogs = new Backlogs()
  const subscribing = new Subscribing({ store, connections, access, backlogs, log, sparing })
  const guard = createGuard(options, { sparing, connections })
  const onRefused = options.onRefused ?? (async () => {})
  const takeIn = new TakeIn({ ...options, store, connections, guard, access, onRefused })
  const hook = new PublishHook(takeIn.take, log)
  const addressOf = (client: Client) => addresses.get(client) ?? ''
  const admission = new Admission({
    store,
    connections,
    access,
    authenticate,
    authRequired,
    addressOf,
    clock,
    log,
    sparing,
  })
  const persistence = new AedesPersistence(store, {
    isGranted: subscribing.isGranted,
    mayDeliver: subscribing.mayDeliver,
    onError: (error) => log.error({ err: error }, 'retained messages could not be read'),
    onReleased: (mark) => options.releasePacket?.(mark),
    backlogs,
  })
  const broker = new OrderedBroker(store, {
    ...LIMITS,
    persistence,
    mq: shareSubscriptions(mqemitter({ matchEmptyLevels: true })),
    preConnect: admission.greet,
    authenticate: admission.admit,
    authorizePublish: hook.authorize,
    authorizeSubscribe: subscribing.authorize,
    authorizeForward: subscribing.forward,
  })
  listenToTroubles(broker, options)
  takeIn.serve(broker)
  await broker.listen()
  return new EmbeddedBroker({
    broker,
    store,
    connections,
    guard,
    takeIn,
    hook,
    publisher: new OwnPublisher(broker, prefix),
    addresses,
    node,
    clock,
    log,
    dropped: () => dropped,
  })
}

/** What is cut for its size is told like any other refusal, as far as its topic is known. */
function createGuard<Route extends object>(
  options: EmbeddedBrokerOptions<Route>,
  { sparing, connections }: { sparing: SparingLog; connections: Connections },
): PacketGuard {
  const { log, prefix, clock, onRefused } = options
  return new PacketGuard({
    maxPacketBytes: options.maxPacketBytes ?? MAX_PACKET_BYTES,
    onCut(client, reason, topic) {
      const peer = client.id ?? ''
      sparing.once(`cut ${peer}`, () => {
        log.warn({ client: peer, topic }, `closed a connection: ${reason}`)
      })
      if (topic === null || !client.connected) return
      const error = new TooLarge(`The message was refused and the connection closed: ${reason}.`)
      const refusal: Refusal = {
        code: error.code,
        error: error.toBody(),
        topic: withoutPrefix(topic, prefix) ?? topic,
        payload: Buffer.alloc(0),
        meta: {},
        peer,
        tenant: connections.of(client)?.principal?.tenant ?? '',
        at: clock.now(),
      }
      onRefused?.(refusal).catch((failure: unknown) => {
        log.error({ err: failure }, 'a refusal could not be recorded')
      })
    },
  })
}

function listenToTroubles<Route extends object>(
  broker: OrderedBroker,
  { log }: EmbeddedBrokerOptions<Route>,
): void {
  broker.on('clientError', (client, error) => {
    log.debug({ client: client.id, reason: error.message }, 'a client was disconnected')
  })
  broker.on('connectionError', (_client, error) => {
    log.debug({ reason: error.message }, 'a connection was closed before it was a client’s')
  })
  const onError = (error: Error) => log.error({ err: error }, 'the broker failed at something')
  ;(broker as NodeJS.EventEmitter).on('error', onError)
}
