import type { IPublishPacket } from 'mqtt'
import type { PacketMark } from '../context.ts'
import type { IncomingMessage } from './message.ts'
import { bytes } from './session-packets.ts'
import { withoutPrefix } from './topic-name.ts'

const NO_META: IncomingMessage['meta'] = Object.freeze(Object.create(null))

/** A packet of an external broker as the intake wants it. */
export function toIncoming(
  packet: IPublishPacket,
  options: {
    readonly prefix: string
    readonly mark: PacketMark | null
    readonly only: IncomingMessage['only']
  },
): IncomingMessage {
  const { properties } = packet
  return {
    topic: withoutPrefix(packet.topic, options.prefix) ?? packet.topic,
    payload: bytes(packet),
    qos: packet.qos,
    retained: packet.retain,
    meta: properties?.userProperties ? metaOf(properties.userProperties) : NO_META,
    responseTopic: properties?.responseTopic ?? null,
    correlationData: properties?.correlationData ?? null,
    peer: '',
    principal: null,
    packet: options.mark,
    only: options.only,
  }
}

/** Names in lower case; of a property that is given twice the first counts. */
function metaOf(properties: Readonly<Record<string, string | string[]>>): IncomingMessage['meta'] {
  const meta: Record<string, string> = Object.create(null)
  for (const [name, value] of Object.entries(properties)) {
    const first = typeof value === 'string' ? value : value[0]
    if (first !== undefined) meta[name.toLowerCase()] ??= first
  }
  return meta
}
