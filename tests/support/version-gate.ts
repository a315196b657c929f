import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'

/** A broker that does not know MQTT 5, in front of one that does. */
export interface VersionGate {
  readonly port: number
  /** How many connections asked for MQTT 5 and were refused. */
  readonly refused: number
  stop(): Promise<void>
}

/** What brokers answer: in the words of 3.1.1 (code 1), or of MQTT 5 (132). */
const REFUSALS = {
  1: Buffer.from([0x20, 0x02, 0x00, 0x01]),
  132: Buffer.from([0x20, 0x03, 0x00, 0x84, 0x00]),
}

/** Lets MQTT 3.1.1 through to `targetPort` on 127.0.0.1 and refuses MQTT 5 with `code`. */
export async function startVersionGate(targetPort: number, code: 1 | 132): Promise<VersionGate> {
  const sockets = new Set<Socket>()
  let refused = 0
  const server = createServer((client) => {
    track(sockets, client)
    client.once('data', (first) => {
      if (protocolLevel(first) === 5) {
        refused += 1
        client.end(REFUSALS[code])
        return
      }
      const target = connect(targetPort, '127.0.0.1')
      track(sockets, target)
      target.write(first)
      client.pipe(target).pipe(client)
      client.on('close', () => target.destroy())
      target.on('close', () => client.destroy())
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port was given')
  return {
    port: address.port,
    get refused() {
      return refused
    },
    async stop() {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}

function track(sockets: Set<Socket>, socket: Socket): void {
  sockets.add(socket)
  socket.on('error', () => undefined)
  socket.on('close', () => sockets.delete(socket))
}

/** The byte after the protocol name `MQTT` in a CONNECT packet. */
function protocolLevel(packet: Buffer): number {
  return packet[packet.indexOf('MQTT') + 4] ?? 0
}
