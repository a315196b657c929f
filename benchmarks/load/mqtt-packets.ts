/** The few packets of MQTT 3.1.1 that a publisher needs, made without a library. */

const KEEP_ALIVE_OFF = 0

export function connectPacket(clientId: string): Buffer {
  const id = Buffer.from(clientId)
  const head = Buffer.from([0, 4, 0x4d, 0x51, 0x54, 0x54, 4, 2, 0, KEEP_ALIVE_OFF])
  const body = Buffer.concat([head, Buffer.from([id.length >> 8, id.length & 0xff]), id])
  return Buffer.concat([Buffer.from([0x10]), remainingLength(body.length), body])
}

/** A PUBLISH with QoS 1 whose packet id is to be written at `idAt`. */
export interface PublishTemplate {
  readonly bytes: Buffer
  readonly idAt: number
}

export function publishTemplate(topic: string, payload: string): PublishTemplate {
  const name = Buffer.from(topic)
  const data = Buffer.from(payload)
  const length = remainingLength(2 + name.length + 2 + data.length)
  const before = Buffer.concat([
    Buffer.from([0x32]),
    length,
    Buffer.from([name.length >> 8, name.length & 0xff]),
    name,
  ])
  return { bytes: Buffer.concat([before, Buffer.from([0, 0]), data]), idAt: before.length }
}

function remainingLength(length: number): Buffer {
  const bytes: number[] = []
  let rest = length
  do {
    const more = rest > 127 ? 0x80 : 0
    bytes.push((rest & 0x7f) | more)
    rest >>= 7
  } while (rest > 0)
  return Buffer.from(bytes)
}
