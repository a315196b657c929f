import { hash } from 'node:crypto'
import type { Client, PublishPacket } from 'aedes'
import type { PacketMark } from '../../context.ts'

/** The marks of QoS 2 packets under way, each from its PUBLISH to its PUBREL. */
export class PacketMarks {
  readonly #byClient = new WeakMap<object, Map<number, PacketMark>>()

  /** The mark for a packet: the same client, packet id and content give the same id. */
  create(client: Client, packet: PublishPacket, payload: Buffer): PacketMark {
    const messageId = packet.messageId ?? 0
    const digest = hash('sha256', Buffer.concat([Buffer.from(`${packet.topic}\0`), payload]))
    const id = `${client.id}:${messageId}:${digest.slice(0, 32)}`
    const mark: PacketMark = { id, dup: packet.dup ?? false, marker: null }
    const marks = this.#byClient.get(client) ?? new Map<number, PacketMark>()
    this.#byClient.set(client, marks.set(messageId, mark))
    return mark
  }

  /** The mark of a packet that its publisher lets go of, once. */
  release(client: object, messageId: number): PacketMark | undefined {
    const marks = this.#byClient.get(client)
    const mark = marks?.get(messageId)
    marks?.delete(messageId)
    return mark
  }
}
