import type { Clock } from '../support/clock.ts'
import { CLOSE } from './close-codes.ts'
import type { Sockets } from './sockets.ts'

const LOOK_MS = 10

/** Closes every connection, spread over `withinMs`, so that clients do not all come back at once. */
export async function closeAll(
  sockets: Sockets,
  { clock, withinMs }: { readonly clock: Clock; readonly withinMs: number },
): Promise<void> {
  const connections = [...sockets.all()]
  const startedAt = clock.now()
  const spreadMs = withinMs * 0.8
  for (const [index, connection] of connections.entries()) {
    await waitUntil(clock, startedAt + (index * spreadMs) / connections.length)
    connection.close(CLOSE.restarting, 'restarting')
  }
  while (sockets.total > 0 && clock.now() < startedAt + withinMs) {
    await waitUntil(clock, clock.now() + LOOK_MS)
  }
  for (const connection of sockets.all()) connection.terminate()
}

function waitUntil(clock: Clock, moment: number): Promise<void> {
  const waitMs = moment - clock.now()
  if (waitMs <= 0) return Promise.resolve()
  return new Promise((go) => void clock.after(waitMs, go))
}
