interface RawPublish {
  readonly topic: string
  readonly payload: string
  readonly qos: 1 | 2
  readonly id: number
}

/** A PUBLISH as it goes over the wire (MQTT 3.1.1 §3.3), whatever a library thinks of it. */
export function publishPacket({ topic, payload, qos, id }: RawPublish): Buffer {
  const name = Buffer.from(topic)
  const body = Buffer.concat([twoBytes(name.length), name, twoBytes(id), Buffer.from(payload)])
  return Buffer.concat([Buffer.from([0x30 | (qos << 1)]), remainingLength(body.length), body])
}

function twoBytes(value: number): Buffer {
  return Buffer.from([value >> 8, value & 0xff])
}

/** Seven bits a byte, the lowest first (§2.2.3). */
function remainingLength(length: number): Buffer {
  const bytes: number[] = []
  for (let rest = length; ; rest >>= 7) {
    if (rest < 128) return Buffer.from([...bytes, rest])
    bytes.push((rest & 0x7f) | 0x80)
  }
}
