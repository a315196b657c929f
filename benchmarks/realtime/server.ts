/**
 * What every server that is measured does: listens, broadcasts on command, and
 * tells how much memory it uses. Speaks to its parent by IPC.
 *
 * @module
 */

import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface Measured {
  attach(server: Server): Promise<void>
  /** Where clients connect, if not to our own server. */
  readonly port?: number
  /** Sends `count` events within one turn to everybody. */
  broadcast(count: number): void
  /** Bytes of one event on the wire. */
  readonly frameBytes: number
}

export async function serve(measured: Measured): Promise<void> {
  const server = createServer((_request, response) => response.end())
  await measured.attach(server)
  server.listen({ port: 0, host: '127.0.0.1', backlog: 4096 }, () => {
    const { port } = measured.port === undefined ? (server.address() as AddressInfo) : measured
    process.send?.({ port, frameBytes: measured.frameBytes })
  })
  process.on('message', (command: { do: 'broadcast' | 'memory'; count?: number }) => {
    if (command.do === 'broadcast') measured.broadcast(command.count ?? 1)
    else setTimeout(() => process.send?.(memory()), SETTLE_MS)
  })
  process.on('disconnect', () => process.exit())
}

/** Garbage of connecting is let go before memory is read. */
const SETTLE_MS = 1000

/**
 * Gives back what is free: pages that V8 keeps for the next burst would otherwise
 * be shared out among the connections that happened to cause it.
 */
const collect = globalThis.gc as
  | ((options: { readonly type: 'major'; readonly flavor: 'last-resort' }) => void)
  | undefined

function memory() {
  for (let n = 0; n < 3; n++) collect?.({ type: 'major', flavor: 'last-resort' })
  const { rss, heapUsed, external } = process.memoryUsage()
  return { rss, heap: heapUsed + external }
}

/** The event that is broadcast: 200 bytes of JSON. */
export const EVENT_DATA = JSON.stringify({ title: 'bench', text: 'x'.repeat(170) })
