import type { AedesPublishPacket, Client, Subscription } from 'aedes'
import type { Logger } from '../../support/logger.ts'
import type { AccessRules } from './access-rules.ts'
import { internalsOf } from './aedes-internals.ts'
import type { Backlogs } from './backlogs.ts'
import type { BrokerStore } from './broker-store.ts'
import type { Connections } from './connections.ts'
import type { SparingLog } from './sparing-log.ts'
import { filterFault, matchesFilter, parseShared } from './topic-filter.ts'

export interface SubscribingParts {
  readonly store: BrokerStore
  readonly connections: Connections
  readonly access: AccessRules
  readonly backlogs: Backlogs
  readonly log: Logger
  readonly sparing: SparingLog
}

const MAX_SUBSCRIPTIONS = 1000

/** Decides what may be subscribed, and looks once more at what is delivered. */
export class Subscribing {
  readonly #parts: SubscribingParts
  readonly #granted = new WeakSet<object>()

  constructor(parts: SubscribingParts) {
    this.#parts = parts
  }

  /** aedes' hook for each filter, also when a session is restored; `null` makes it SUBACK 128. */
  readonly authorize = (
    client: Client,
    wanted: Subscription,
    done: (error: Error | null, granted?: Subscription | null) => void,
  ): void => {
    const reason = this.#whyNot(client, wanted.topic)
    if (reason === null) {
      this.#granted.add(wanted)
      done(null, wanted)
      return
    }
    const { store, log, sparing } = this.#parts
    sparing.once(`${client.id} ${wanted.topic}`, () => {
      log.warn({ client: client.id, filter: wanted.topic }, `refused a subscription: ${reason}`)
    })
    if (client.clean || store.subscriptions.of(client.id).length === 0) {
      done(null, null)
      return
    }
    // A restored session may hold what its owner has no right to any more.
    const removed = store.write(() => store.subscriptions.remove(client.id, wanted.topic))
    removed.then(() => done(null, null), done)
  }

  /** Whether a filter was granted: aedes keeps all of a packet as soon as one was. */
  readonly isGranted = (wanted: object): boolean => this.#granted.has(wanted)

  /** Whether a message may be delivered; rights may have shrunk since it was queued. */
  readonly mayDeliver = (client: object, topic: string): boolean => {
    const readable = this.#parts.connections.of(client as Client)?.readable ?? null
    return readable === null || readable.some((filter) => matchesFilter(filter, topic))
  }

  /** aedes' hook before a packet is written: hides it, or lowers its QoS to what was granted. */
  readonly forward = (client: Client, packet: AedesPublishPacket): AedesPublishPacket | null => {
    if (!this.mayDeliver(client, packet.topic)) return null
    if (this.#comesByQueue(client, packet)) return null
    // aedes does that itself only where the filter is the topic.
    if (packet.qos !== 2 && !(packet.retain && packet.qos > 0)) return packet
    const granted = grantedQos(client, packet.topic)
    if (granted < packet.qos) packet.qos = granted
    return packet
  }

  #comesByQueue(client: Client, packet: AedesPublishPacket): boolean {
    const { brokerId, brokerCounter, qos, retain, messageId } = packet
    // What the queue brings at this moment has its id already.
    if (client.clean || qos === 0 || retain || messageId !== undefined) return false
    const { store, backlogs } = this.#parts
    return backlogs.brings(client, brokerCounter, () => {
      return store.outgoing.contains(client.id, { brokerId, brokerCounter })
    })
  }

  #whyNot(client: Client, filter: string): string | null {
    const shared = parseShared(filter)
    const fault = filterFault(shared ? shared.filter : filter)
    if (fault !== null) return fault
    if (shared && !client.clean) {
      return (
        'a member of a $share group needs a clean session here, since what is queued for one ' +
        'that is away would never reach the others'
      )
    }
    const { subscriptions } = internalsOf(client)
    if (!subscriptions[filter] && Object.keys(subscriptions).length >= MAX_SUBSCRIPTIONS) {
      return `a client has at most ${MAX_SUBSCRIPTIONS} subscriptions`
    }
    const { connections, access } = this.#parts
    const principal = connections.of(client)?.principal ?? null
    return access.maySubscribe(principal, shared ? shared.filter : filter)
  }
}

/** The best QoS among a client's filters that match; 2 where none does (it has just left). */
function grantedQos(client: Client, topic: string): 0 | 1 | 2 {
  let best = -1
  for (const [filter, { qos }] of Object.entries(internalsOf(client).subscriptions)) {
    if (qos > best && matchesFilter(parseShared(filter)?.filter ?? filter, topic)) best = qos
  }
  return best === -1 ? 2 : (best as 0 | 1 | 2)
}
