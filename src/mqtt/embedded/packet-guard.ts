import type { Client } from 'aedes'
import { internalsOf, type PacketParser, type ParsedPacket } from './aedes-internals.ts'
import { topicFault } from './topic-filter.ts'

/** Nobody subscribes to more in one packet, and aedes' work on one grows with its square. */
const MAX_FILTERS = 500
/** Where a publish with an illegal topic goes instead; nobody can subscribe to it. */
const NOWHERE = '$refused'

export interface IllegalTopic {
  readonly topic: string
  readonly fault: string
}

/**
 * Looks at packets before aedes does. One that is too large cuts the connection
 * before it is buffered, whether its sender was let in or not. A publish on an
 * illegal topic would make aedes close the connection, and its sender would send
 * it again for ever: it is led nowhere instead, and then acknowledged and refused.
 */
export class PacketGuard {
  readonly #maxPacketBytes: number
  readonly #onCut: (client: Client, reason: string, topic: string | null) => void
  readonly #illegal = new WeakMap<object, IllegalTopic>()

  constructor(options: {
    readonly maxPacketBytes: number
    /** Called before a connection is cut; `topic` where it is known. */
    readonly onCut: (client: Client, reason: string, topic: string | null) => void
  }) {
    this.#maxPacketBytes = options.maxPacketBytes
    this.#onCut = options.onCut
  }

  watch(client: Client): void {
    const parser = internalsOf(client)._parser
    const parse = parser.parse.bind(parser)
    parser.parse = (chunk) => {
      const rest = parse(chunk)
      if (parser.packet.length > this.#maxPacketBytes) this.#tooLarge(client, parser.packet, parser)
      return rest
    }
    parser.prependListener('packet', (packet) => this.#inspect(client, packet))
  }

  /** What was wrong with the topic of a publish, if anything was. */
  illegalTopic(packet: object): IllegalTopic | undefined {
    return this.#illegal.get(packet)
  }

  #inspect(client: Client, packet: ParsedPacket): void {
    if (packet.length > this.#maxPacketBytes) this.#tooLarge(client, packet, null)
    if ((packet.subscriptions?.length ?? 0) > MAX_FILTERS) {
      this.#cut(client, `it asked for more than ${MAX_FILTERS} filters at once`, null)
      packet.subscriptions?.splice(0)
    }
    if (packet.cmd !== 'publish') return
    const topic = packet.topic ?? ''
    const fault = topicFault(topic)
    if (fault === null) return
    this.#illegal.set(packet, { topic, fault })
    packet.topic = NOWHERE
  }

  #tooLarge(client: Client, { cmd, length, topic }: ParsedPacket, parser: PacketParser | null) {
    const known = cmd === 'publish' ? (topic ?? (parser && peekTopic(parser))) : null
    const reason = `a ${cmd} of ${length} bytes is larger than ${this.#maxPacketBytes}`
    this.#cut(client, reason, known)
  }

  #cut(client: Client, reason: string, topic: string | null): void {
    if (client.conn.destroyed) return
    this.#onCut(client, reason, topic)
    client.conn.destroy(new Error(reason))
  }
}

/** The topic of a publish of which only the beginning was read. */
function peekTopic({ _list: list }: PacketParser): string | null {
  if (list.length < 2) return null
  const length = list.readUInt16BE(0)
  return list.length < 2 + length ? null : list.toString('utf8', 2, 2 + length)
}
