import { WebSocketServer } from 'ws'
import { EVENT_DATA, serve } from './server.ts'

const text = `{"type":"event","channel":"bench","event":"e","data":${EVENT_DATA},"seq":1234567890123456}`
let sockets: WebSocketServer

await serve({
  frameBytes: Buffer.byteLength(text) + 4,
  async attach(server) {
    sockets = new WebSocketServer({ server })
    sockets.on('connection', (socket) => {
      socket.on('message', () => {})
      socket.on('error', () => {})
    })
  },
  broadcast(count) {
    for (let n = 0; n < count; n++) for (const client of sockets.clients) client.send(text)
  },
})
