/**
 * Many WebSocket clients that only count bytes, in a process of their own, so
 * that what is measured is the server. Speaks to its parent by IPC.
 *
 * @module
 */

import { connect, type Socket } from 'node:net'

let serial = 0
process.send?.({ ready: true })

interface Command {
  readonly do: 'open' | 'expect' | 'close'
  readonly port?: number
  readonly count?: number
  /** `%` becomes the number of the client. */
  readonly path?: string
  /** A text message that each client sends once it is open. */
  readonly hello?: string | null
  /** Clients are open once nothing has come for so long. */
  readonly quietMs?: number
  /** Bytes that all clients together have to get. */
  readonly bytes?: number
}

let sockets: Socket[] = []
let received = 0
let expected = Number.POSITIVE_INFINITY
let quietTimer: NodeJS.Timeout | undefined

process.on('message', (command: Command) => {
  if (command.do === 'open') void openAll(command)
  else if (command.do === 'close') closeAll()
  else {
    received = 0
    expected = command.bytes ?? 0
    process.send?.({ ready: true })
  }
})
process.on('disconnect', () => {
  closeAll()
  setTimeout(() => process.exit(), 100)
})

async function openAll(command: Command): Promise<void> {
  const { port = 0, count = 0, path = '/', hello = null, quietMs = 300 } = command
  for (let at = 0; at < count; at += 100) {
    const some = Array.from({ length: Math.min(100, count - at) }, () => ++serial)
    await Promise.all(some.map((n) => open(port, path.replace('%', String(n)), hello)))
  }
  whenQuiet(quietMs, () => process.send?.({ opened: count }))
}

function open(port: number, path: string, hello: string | null): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1')
    sockets.push(socket)
    socket.setNoDelay(true)
    socket.once('error', reject)
    socket.write(
      `GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
        'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n',
    )
    socket.once('data', () => {
      if (hello !== null) socket.write(maskedText(hello))
      socket.on('data', onData)
      resolve()
    })
  })
}

function onData(data: Buffer): void {
  quietTimer?.refresh()
  received += data.length
  if (received < expected) return
  expected = Number.POSITIVE_INFINITY
  process.send?.({ received })
}

/** Calls back once nothing has come for a while. */
function whenQuiet(quietMs: number, then: () => void): void {
  quietTimer = setTimeout(() => {
    quietTimer = undefined
    then()
  }, quietMs)
}

function closeAll(): void {
  for (const socket of sockets) socket.resetAndDestroy()
  sockets = []
  if (process.connected) process.send?.({ closed: true })
}

/** A client's text frame; the mask is zero, which leaves the payload as it is. */
function maskedText(text: string): Buffer {
  const payload = Buffer.from(text)
  return Buffer.concat([Buffer.from([0x81, 0x80 | payload.length, 0, 0, 0, 0]), payload])
}
