import { Server } from 'socket.io'
import { EVENT_DATA, serve } from './server.ts'

/** Longer than the benchmark: clients that only count bytes answer no pings. */
const NEVER_MS = 3_600_000

let io: Server

await serve({
  frameBytes: Buffer.byteLength(`42["e",${EVENT_DATA}]`) + 4,
  async attach(server) {
    io = new Server(server, { serveClient: false, pingInterval: NEVER_MS })
  },
  broadcast(count) {
    for (let n = 0; n < count; n++) io.emit('e', JSON.parse(EVENT_DATA))
  },
})
