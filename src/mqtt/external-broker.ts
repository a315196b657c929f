import type { PacketMark } from '../context.ts'
import type { Store } from '../store/store.ts'
import type { Clock } from '../support/clock.ts'
import { uuidv7 } from '../support/ids.ts'
import type { Logger } from '../support/logger.ts'
import type { BrokerAddress } from './broker-address.ts'
import { type Backoff, RECONNECT } from './connection.ts'
import { Fleet } from './fleet.ts'
import type { FleetStatus } from './fleet-status.ts'
import { KeptMessages } from './kept-messages.ts'
import type { Intake } from './message.ts'
import { MqttPublisher } from './publisher.ts'
import type { RetirementTimes } from './retirement.ts'
import type { Router } from './router.ts'
import type { SlotTimes } from './slots.ts'
import { topicPrefix } from './topic-name.ts'

/** All durations in milliseconds. */
export interface BrokerTimes extends SlotTimes, RetirementTimes {
  readonly sweepEveryMs: number
  readonly backoff: Backoff
  /** How long a start waits for the subscriptions; after that it goes on without. */
  readonly startMs: number
}

const TIMES: BrokerTimes = {
  leaseMs: 10_000,
  keepEveryMs: 3_000,
  graceMs: 10_000,
  sweepEveryMs: 2_000,
  quietMs: 2_000,
  longestMs: 10_000,
  backoff: RECONNECT,
  startMs: 3_000,
}

export interface ExternalBrokerOptions extends BrokerAddress {
  /** `MQTT_TOPIC_PREFIX`; empty for none. */
  readonly prefix: string
  /** The group in `$share/<group>/<filter>`. */
  readonly group: string
  /** What client ids begin with. */
  readonly clientId: string
  /** Names this process. */
  readonly node: string
  readonly router: Router
  readonly intake: Intake
  readonly store: Store
  readonly clock: Clock
  readonly log: Logger
  /** A QoS 2 packet is finished with the broker; its mark may be deleted. */
  readonly onReleased: (mark: PacketMark) => void
  /** The broker lost a session, and what it had kept in it (for a counter). */
  readonly onSessionLost?: (clientId: string) => void
  /** Made before by {@link createPublisher}, for services that are built first; else it is made here. */
  readonly publisher?: MqttPublisher
  readonly times?: Partial<BrokerTimes>
}

/** The connections to an external broker, up and running. */
export interface ExternalBroker {
  readonly publisher: MqttPublisher
  /** Takes in what the broker keeps under these filters, as far as it has not gone by then. */
  offerKept(filters: readonly string[]): Promise<void>
  /**
   * Takes nothing more, finishes what was taken, says goodbye. The sessions stay
   * for the next process. Takes at most about `hardDeadlineMs`.
   */
  stop(options: { readonly hardDeadlineMs: number }): Promise<void>
  status(): BrokerStatus
}

export interface BrokerStatus extends FleetStatus {
  /** Whether everything is subscribed and the publisher connected. */
  readonly connected: boolean
  readonly publisher: ReturnType<MqttPublisher['status']>
}

type PublisherParts = Pick<
  ExternalBrokerOptions,
  'urls' | 'tls' | 'credentials' | 'prefix' | 'clientId' | 'node' | 'clock' | 'log' | 'times'
>

/** A publisher that waits for `start()`; what is published before waits with it. */
export function createPublisher(options: PublisherParts): MqttPublisher {
  return new MqttPublisher({
    ...options,
    address: addressOf(options),
    clientId: `${options.clientId}-publisher-${uuidv7().slice(-12)}`,
    backoff: options.times?.backoff ?? RECONNECT,
  })
}

/**
 * Connects to an external broker: claims a slot, subscribes every route through
 * `$share`, and takes over what processes that are gone left behind. Resolves
 * when all is subscribed, or after a while without: it goes on trying.
 */
export async function startExternalBroker(options: ExternalBrokerOptions): Promise<ExternalBroker> {
  const times = { ...TIMES, ...options.times }
  const publisher = options.publisher ?? createPublisher(options)
  const fleet = new Fleet({
    ...options,
    address: addressOf(options),
    prefix: topicPrefix(options.prefix),
    onSessionLost: options.onSessionLost ?? (() => undefined),
    times,
  })
  const prefix = topicPrefix(options.prefix)
  const kept = new KeptMessages({
    ...{ ...options, prefix, address: addressOf(options), backoff: times.backoff },
  })
  publisher.start()
  fleet.start()
  const { promise: patience, resolve } = Promise.withResolvers<void>()
  const cancel = options.clock.after(times.startMs, resolve)
  await Promise.race([fleet.ready, patience])
  cancel()

  return {
    publisher,
    offerKept: (filters) => kept.sweep(filters),
    async stop({ hardDeadlineMs }) {
      const endsAt = performance.now() + hardDeadlineMs
      await kept.stop()
      // Whoever was answered last must still get the answer.
      await fleet.stop(hardDeadlineMs * 0.7)
      await publisher.stop(Math.max(100, endsAt - performance.now()))
    },
    status() {
      const lanes = fleet.status()
      const connected = fleet.isSubscribed && publisher.connected
      return { ...lanes, connected, publisher: publisher.status() }
    },
  }
}

function addressOf({ urls, tls, credentials }: PublisherParts): BrokerAddress {
  return { urls, ...(tls ? { tls } : {}), ...(credentials ? { credentials } : {}) }
}
