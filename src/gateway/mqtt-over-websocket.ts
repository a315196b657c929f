import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import { createWebSocketStream, WebSocketServer } from 'ws'
import { listenError } from '../support/listen-error.ts'

/** A packet of the broker's limit and a little more: the broker itself says no. */
const MAX_PAYLOAD_BYTES = 512 * 1024

interface Options {
  readonly host: string
  /** 0 for any free one. */
  readonly port: number
  /** Takes a connection over; the broker's `accept`. */
  readonly accept: (stream: Duplex, request: IncomingMessage) => void
}

/** MQTT over WebSocket (subprotocol `mqtt`, [MQTT-6.0.0-3]) on a port of its own, for browsers. */
export async function serveMqttOverWebSocket({ host, port, accept }: Options) {
  const http = createServer((_request, response) => {
    response
      .writeHead(426, { 'content-type': 'text/plain' })
      .end('Speak MQTT over WebSocket here.\n')
  })
  const sockets = new WebSocketServer({
    server: http,
    maxPayload: MAX_PAYLOAD_BYTES,
    handleProtocols: (offered) => (offered.has('mqtt') ? 'mqtt' : false),
  })
  sockets.on('connection', (socket, request) => {
    const stream = createWebSocketStream(socket)
    stream.on('error', () => socket.terminate())
    accept(stream, request)
  })
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  sockets.on('error', reject)
  http.listen(port, host, resolve)
  await promise.catch((error: unknown) => {
    throw listenError(error, { host, port, variable: 'MQTT_WS_PORT' })
  })
  return {
    port: (http.address() as AddressInfo).port,
    stop() {
      for (const socket of sockets.clients) socket.terminate()
      sockets.close()
      http.close()
    },
  }
}
