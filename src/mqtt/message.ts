import type { PacketMark, Principal } from '../context.ts'

/** An application message as it came from a broker, before anything was parsed. */
export interface IncomingMessage {
  /** Without `MQTT_TOPIC_PREFIX`. */
  readonly topic: string
  readonly payload: Buffer
  readonly qos: 0 | 1 | 2
  readonly retained: boolean
  /** MQTT 5 user properties, names in lower case; empty on 3.1.1. */
  readonly meta: Readonly<Record<string, string>>
  readonly responseTopic: string | null
  readonly correlationData: Buffer | null
  /** Client id on the embedded broker; empty where the publisher is unknown. */
  readonly peer: string
  /** Whom the connection proved to be (embedded broker); else `null`. */
  readonly principal: Principal | null
  /** Set for QoS 2, where the broker may deliver a message a second time after a crash. */
  readonly packet: PacketMark | null
  /**
   * The only patterns whose route may handle it (an external broker delivers a
   * message once per overlapping subscription); `null`: whichever wins.
   */
  readonly only: ReadonlySet<string> | null
}

/**
 * Takes a message in. Resolves when everything that it asks for is durable, or
 * when it was refused and the refusal is recorded; retries while the store is
 * away. Rejects only when the process ends before that: then the message must
 * not be acknowledged, so that the broker keeps it.
 */
export type Intake = (message: IncomingMessage) => Promise<'handled' | 'refused' | 'ignored'>

/** Publishes for the service itself: replies, inboxes, life-cycle updates. */
export interface Publisher {
  publish(
    topic: string,
    payload: string | Buffer,
    options?: { qos?: 0 | 1 | 2; retain?: boolean; correlationData?: Buffer },
  ): Promise<void>
}
