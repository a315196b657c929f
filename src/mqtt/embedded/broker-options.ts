import type { PacketMark, Principal } from '../../context.ts'
import type { Clock } from '../../support/clock.ts'
import type { Logger } from '../../support/logger.ts'
import type { Intake } from '../message.ts'
import type { Refusal } from '../refusal.ts'
import type { Authenticate } from './admission.ts'
import type { TlsFiles } from './doors.ts'
import type { RouteTable } from './take-in.ts'

export interface EmbeddedBrokerOptions<Route extends object> {
  readonly host: string
  /** 0 for any free one. */
  readonly port: number
  readonly tlsPort?: number
  /** Needed where there is a `tlsPort`. */
  readonly tls?: TlsFiles
  /** Where sessions, queues and retained messages are kept; `:memory:` forgets them at the end. */
  readonly dataFile: string
  readonly router: RouteTable<Route>
  /** How many messages of a route are handled at once; the others wait in order. */
  readonly concurrencyOf: (route: Route) => number
  readonly intake: Intake
  /** `MQTT_TOPIC_PREFIX`. */
  readonly prefix: string
  readonly authenticate: Authenticate
  /** Where it is off, everybody is let in, and nobody is asked for a name. */
  readonly authRequired: boolean
  /** Default: 256 KiB of payload and 64 KiB for topic and header. */
  readonly maxPacketBytes?: number
  /** Name of this process in `belfry/status/<node>`. */
  readonly node: string
  readonly clock: Clock
  readonly log: Logger
  /** Records what the broker refused itself: too large, an illegal topic, no right. */
  readonly onRefused?: (refusal: Refusal) => Promise<void>
  /** Lets go of the mark of a QoS 2 message whose publisher will not send it again. */
  readonly releasePacket?: (mark: PacketMark) => void
}

/** A connected client, for people who look. */
export interface ClientInfo {
  readonly clientId: string
  readonly principal: Principal | null
  /** Epoch milliseconds. */
  readonly connectedAt: number
  readonly address: string
}

/** How the broker is doing; the last three count since its start. */
export interface BrokerStatus {
  readonly state: 'open' | 'stopping'
  readonly clients: number
  /** Persistent sessions, connected or not. */
  readonly sessions: number
  /** Messages that wait for clients with persistent sessions. */
  readonly queued: number
  readonly retained: number
  readonly taken: number
  readonly refused: number
  /** Messages that full queues of clients did without. */
  readonly dropped: number
}
