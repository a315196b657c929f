import { once } from 'node:events'
import { createServer, type Server, type Socket } from 'node:net'

/** A broker that sends what a test tells it to, byte by byte, and keeps what it hears. */
export interface RawBroker {
  readonly url: string
  /** Packets of the newest connection, without CONNECT: the first byte, then the body. */
  readonly heard: readonly Buffer[]
  /** How many connections were accepted. */
  readonly connections: number
  send(packet: Buffer): void
  /** Cuts the connection without a word. */
  cut(): void
  stop(): Promise<void>
}

/** Accepts every CONNECT of MQTT 3.1.1, with `sessionPresent` after the first; refuses MQTT 5. */
export async function startRawBroker(): Promise<RawBroker> {
  const broker = new ByteBroker()
  await broker.start()
  return broker
}

class ByteBroker implements RawBroker {
  url = ''
  heard: Buffer[] = []
  connections = 0
  readonly #server: Server
  #socket: Socket | null = null

  constructor() {
    this.#server = createServer((socket) => this.#accept(socket))
  }

  async start(): Promise<void> {
    this.#server.listen(0, '127.0.0.1')
    await once(this.#server, 'listening')
    const address = this.#server.address()
    if (address !== null && typeof address === 'object')
      this.url = `mqtt://127.0.0.1:${address.port}`
  }

  send(packet: Buffer): void {
    this.#socket?.write(packet)
  }

  cut(): void {
    this.#socket?.destroy()
  }

  async stop(): Promise<void> {
    this.cut()
    this.#server.close()
    await once(this.#server, 'close')
  }

  #accept(socket: Socket): void {
    this.#socket = socket
    this.heard = []
    socket.on('error', () => undefined)
    let rest = Buffer.alloc(0)
    socket.on('data', (chunk) => {
      rest = Buffer.concat([rest, chunk])
      // Every packet of these tests is shorter than 128 bytes: its length is one byte.
      while (rest.length >= 2 && rest.length >= 2 + rest[1]!) {
        const size = 2 + rest[1]!
        this.#hear(Buffer.from(rest.subarray(0, size)))
        rest = rest.subarray(size)
      }
    })
  }

  #hear(packet: Buffer): void {
    const type = packet[0]! >> 4
    if (type === 1) this.#greet(packet)
    else if (type === 12) this.send(Buffer.from([0xd0, 0]))
    else this.heard.push(packet)
  }

  #greet(connect: Buffer): void {
    const isTooNew = connect[connect.indexOf('MQTT') + 4] === 5
    if (!isTooNew) this.connections += 1
    this.send(Buffer.from([0x20, 2, this.connections > 1 ? 1 : 0, isTooNew ? 1 : 0]))
  }
}

/** A PUBLISH of MQTT 3.1.1 on the topic `t`. */
export function publish(
  messageId: number,
  payload: string,
  { qos = 1, dup = false }: { qos?: 0 | 1 | 2; dup?: boolean } = {},
): Buffer {
  const id = qos === 0 ? [] : [messageId >> 8, messageId & 0xff]
  const body = Buffer.concat([Buffer.from([0, 1, 0x74, ...id]), Buffer.from(payload)])
  return Buffer.concat([Buffer.from([0x30 | (dup ? 8 : 0) | (qos << 1), body.length]), body])
}

export const puback = (id: number) => Buffer.from([0x40, 2, id >> 8, id & 0xff])
export const pubrec = (id: number) => Buffer.from([0x50, 2, id >> 8, id & 0xff])
export const pubrel = (id: number) => Buffer.from([0x62, 2, id >> 8, id & 0xff])
export const pubcomp = (id: number) => Buffer.from([0x70, 2, id >> 8, id & 0xff])
