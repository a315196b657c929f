import { StoredBroadcasts } from '../../services/broadcasts/stored-broadcasts.ts'
import { BroadcastManager } from '../broadcasting/broadcast-manager.ts'
import type { Broadcaster } from '../broadcasting/broadcaster.ts'
import { GatewayBroadcaster } from '../broadcasting/drivers/gateway.ts'
import { LogBroadcaster } from '../broadcasting/drivers/log.ts'
import { MqttBroadcaster } from '../broadcasting/drivers/mqtt.ts'
import { nullBroadcaster } from '../broadcasting/drivers/null.ts'
import { PusherBroadcaster } from '../broadcasting/drivers/pusher.ts'
import { pusherFrom, remoteGatewayFrom } from '../broadcasting/drivers/pusher-options.ts'
import { type Announce, RedisBroadcaster } from '../broadcasting/drivers/redis.ts'
import type { BroadcastDriver, Config } from '../config.ts'
import type { Publisher } from '../mqtt/message.ts'
import type { Bell } from '../queue/bell.ts'
import type { Keys } from '../store/keys.ts'
import type { Store } from '../store/store.ts'
import type { Clock } from '../support/clock.ts'
import type { Logger } from '../support/logger.ts'
import type { Metrics } from '../support/metrics.ts'
import type { Broadcasting } from './broadcasting.ts'
import { pusherCredentials } from './pusher-credentials.ts'

interface Parts {
  readonly config: Pick<Config, 'broadcast' | 'app'>
  /** Made later, with the HTTP port. */
  readonly broadcasting: () => Pick<Broadcasting, 'desk' | 'credentials'>
  readonly announce: Announce | null
  readonly publisher: Publisher
  readonly metrics: Metrics
  readonly store: Store
  readonly keys: Keys
  readonly bell: Bell
  readonly clock: Clock
  readonly log: Logger
}

type Make = () => Broadcaster

/** The broadcasts of this service: every driver that can be used here, `BROADCAST_CONNECTION` first. */
export function createBroadcasts(parts: Parts): BroadcastManager {
  const { config, metrics, log } = parts
  const ours = driversOf(parts)
  const present = Object.entries(ours).filter((entry) => entry[1] !== null) as [string, Make][]
  const connections = Object.fromEntries(present.map(([name, make]) => [name, make()]))
  const gateway = () => connections.gateway!
  return new BroadcastManager({
    connections,
    standard: config.broadcast.driver,
    drivers: {
      ...Object.fromEntries(present),
      pusher: pusherFrom,
      // Without the secret of another one it is our own gateway.
      ...Object.fromEntries(
        ['gateway', 'websocket', 'reverb', 'sse'].map((name) => [
          name,
          (options) => ('secret' in options ? remoteGatewayFrom(options) : gateway()),
        ]),
      ),
    },
    queue: new StoredBroadcasts(parts),
    onOutcome: (driver, outcome) => metrics.broadcasts.inc({ driver, outcome }),
    onRescued: (error) => log.warn({ err: error }, 'an event was not broadcast'),
  })
}

function driversOf(parts: Parts): Record<BroadcastDriver, Make | null> {
  const { config, broadcasting, announce, publisher, log } = parts
  const { prefix, pusher } = config.broadcast
  return {
    gateway: () =>
      new GatewayBroadcaster({
        desk: () => broadcasting().desk,
        credentials: () => broadcasting().credentials,
      }),
    redis: announce && (() => new RedisBroadcaster({ announce, prefix })),
    pusher:
      pusher &&
      (() =>
        new PusherBroadcaster({
          credentials: pusherCredentials(config)!,
          baseUrl: `${pusher.scheme}://${pusher.host}:${pusher.port}`,
        })),
    mqtt: () =>
      new MqttBroadcaster({
        publish: (topic, payload, how) => publisher.publish(topic, payload, how),
        ...(prefix !== '' && { prefix }),
      }),
    log: () => new LogBroadcaster({ log }),
    null: nullBroadcaster,
  }
}
