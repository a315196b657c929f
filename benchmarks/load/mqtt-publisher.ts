/**
 * Publishes QoS 1 messages as fast as the broker takes them, over one socket,
 * at little cost to itself, so that what is measured is the other side.
 *
 * @module
 */

import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { answerParent } from '../support/child.ts'
import { connectPacket, type PublishTemplate, publishTemplate } from './mqtt-packets.ts'

/** Packets that may be without their PUBACK. */
const WINDOW = 4096
const CHUNK = 64
const PUBACK_BYTES = 4

interface Connect {
  readonly do: 'connect'
  readonly port: number
}

interface Publish {
  readonly do: 'publish'
  readonly count: number
  /** `%` becomes the number of the user. */
  readonly topic: string
  readonly users: number
}

let socket: Socket
let acknowledged = 0
let onAcknowledged = () => {}
let packetId = 0
const templates = new Map<string, readonly PublishTemplate[]>()

answerParent<Connect | Publish>({}, (command) =>
  command.do === 'connect' ? open(command.port) : publish(command),
)

async function open(port: number): Promise<object> {
  socket?.destroy()
  socket = connect(port, '127.0.0.1')
  socket.setNoDelay(true)
  socket.write(connectPacket(`load-${process.pid}-${port}`))
  const [connack] = (await once(socket, 'data')) as [Buffer]
  if (connack[3] !== 0) throw new Error(`the broker refuses the publisher: ${connack[3]}`)
  let bytes = 0
  socket.on('data', (data) => {
    bytes += data.length
    acknowledged += (bytes / PUBACK_BYTES) | 0
    bytes %= PUBACK_BYTES
    onAcknowledged()
  })
  return { connected: true }
}

/** Answers when everything is acknowledged, with the milliseconds that took. */
async function publish({ count, topic, users }: Publish): Promise<object> {
  const packets = packetsFor(topic, users)
  const startedAt = performance.now()
  acknowledged = 0
  let sent = 0
  await new Promise<void>((resolve) => {
    onAcknowledged = () => {
      while (sent < count && sent - acknowledged <= WINDOW - CHUNK) {
        const size = Math.min(CHUNK, count - sent)
        socket.write(chunk(packets, sent, size))
        sent += size
      }
      if (acknowledged >= count) resolve()
    }
    onAcknowledged()
  })
  return { ms: performance.now() - startedAt }
}

function chunk(packets: readonly PublishTemplate[], from: number, size: number): Buffer {
  const chosen = Array.from({ length: size }, (_, n) => packets[(from + n) % packets.length]!)
  const all = Buffer.allocUnsafe(chosen.reduce((sum, { bytes }) => sum + bytes.length, 0))
  let at = 0
  for (const { bytes, idAt } of chosen) {
    bytes.copy(all, at)
    packetId = (packetId % 0xffff) + 1
    all.writeUInt16BE(packetId, at + idAt)
    at += bytes.length
  }
  return all
}

function packetsFor(topic: string, users: number): readonly PublishTemplate[] {
  const known = templates.get(topic)
  if (known?.length === users) return known
  const made = Array.from({ length: users }, (_, user) =>
    publishTemplate(topic.replace('%', String(user)), payloadFor(user)),
  )
  templates.clear()
  templates.set(topic, made)
  return made
}

/** 200 bytes of JSON, as a sensor with something to say would send. */
function payloadFor(user: number): string {
  const payload = {
    title: 'Reading',
    message: '',
    type: 'reading',
    data: { sensor: `s-${user}`, celsius: 21.5, humidity: 0.43 },
  }
  const missing = 200 - JSON.stringify(payload).length
  return JSON.stringify({ ...payload, message: 'm'.repeat(missing) })
}
