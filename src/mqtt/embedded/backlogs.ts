import type { Publication, Release, SessionClient } from './packets.ts'

/**
 * Which clients with persistent sessions still get what was queued while they
 * were away. Until they have caught up, new messages come to them by the queue
 * too, behind the older ones; aedes alone would let them overtake [MQTT-4.6.0-6]
 * and deliver some of them twice.
 */
export class Backlogs {
  /** The last packet of this broker that came by the queue, of those who have caught up. */
  readonly #caughtUp = new WeakMap<object, number>()
  readonly #awaited = new WeakMap<object, { key: string; resolve: () => void }>()

  /** Whether the queue brings (or brought) a packet, so that it is not delivered besides. */
  brings(client: object, brokerCounter: number, isQueued: () => boolean): boolean {
    const upTo = this.#caughtUp.get(client)
    return upTo === undefined ? isQueued() : brokerCounter <= upTo
  }

  /** Resolves when `packet`, which was handed out last, goes to the socket (or that is closed). */
  whenSent(client: SessionClient, packet: Publication | Release): Promise<void> {
    return new Promise((resolve) => {
      this.#awaited.set(client, { key: keyOf(packet), resolve })
      client.conn?.once('close', resolve)
    })
  }

  sent(client: object, packet: Publication | Release): void {
    const awaited = this.#awaited.get(client)
    if (awaited?.key !== keyOf(packet)) return
    this.#awaited.delete(client)
    // aedes writes it as soon as it has heard the same.
    setImmediate(awaited.resolve)
  }

  /** From here on messages go to the client as they come. */
  caughtUp(client: object, lastCounter: number): void {
    this.#caughtUp.set(client, lastCounter)
  }
}

function keyOf(packet: Publication | Release): string {
  if (packet.cmd === 'pubrel') return `release ${packet.messageId}`
  return `${packet.brokerId} ${packet.brokerCounter}`
}
