import type { Client, PublishPacket } from 'aedes'
import type { Logger } from '../../support/logger.ts'
import { ArrivalOrder, type Place } from './arrival-order.ts'

/**
 * Takes one packet in. Waits for `turn` before it passes the packet on and
 * leaves it then. Rejects when the packet must not be acknowledged.
 */
export type Take = (client: Client | null, packet: PublishPacket, turn: Place) => Promise<void>

interface Orders {
  readonly passing: ArrivalOrder
  readonly acknowledging: ArrivalOrder
}

/**
 * aedes' hook before PUBACK and PUBREC. Packets of one client are taken in side
 * by side, but passed on and acknowledged in the order in which they came
 * [MQTT-4.6.0-2], [MQTT-4.6.0-5].
 */
export class PublishHook {
  readonly #take: Take
  readonly #log: Logger
  readonly #orders = new WeakMap<Client, Orders>()
  #underWay = 0
  #isClosed = false
  #onIdle: (() => void) | null = null

  constructor(take: Take, log: Logger) {
    this.#take = take
    this.#log = log
  }

  /** An error closes the connection without acknowledgement. `client` is null for stored wills. */
  readonly authorize = (
    client: Client | null,
    packet: PublishPacket,
    done: (error?: Error | null) => void,
  ): void => {
    if (this.#isClosed) done(new Error('the broker is stopping'))
    else void this.#run(client, packet, done)
  }

  /** Takes nothing more in; resolves when what is under way has been acknowledged. */
  async close(): Promise<void> {
    this.#isClosed = true
    if (this.#underWay === 0) return
    await new Promise<void>((resolve) => {
      this.#onIdle = resolve
    })
  }

  async #run(
    client: Client | null,
    packet: PublishPacket,
    done: (error: Error | null) => void,
  ): Promise<void> {
    this.#underWay += 1
    const { passing, acknowledging } = this.#ordersOf(client)
    const turn = passing.enter()
    const acknowledgement = acknowledging.enter()
    const failure = await this.#try(client, packet, turn)
    turn.leave()
    const reached = acknowledgement.reached()
    if (reached) await reached
    done(failure)
    acknowledgement.leave()
    this.#underWay -= 1
    if (this.#underWay === 0) this.#onIdle?.()
  }

  async #try(client: Client | null, packet: PublishPacket, turn: Place): Promise<Error | null> {
    try {
      await this.#take(client, packet, turn)
      return null
    } catch (error) {
      this.#log.error({ err: error, topic: packet.topic }, 'a message could not be taken in')
      return error instanceof Error ? error : new Error(String(error))
    }
  }

  #ordersOf(client: Client | null): Orders {
    const known = client && this.#orders.get(client)
    if (known) return known
    const orders = { passing: new ArrivalOrder(), acknowledging: new ArrivalOrder() }
    if (client) this.#orders.set(client, orders)
    return orders
  }
}
