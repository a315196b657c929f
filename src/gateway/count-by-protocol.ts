import { HIGH_WATER } from './delivery.ts'
import type { SessionHub } from './session.ts'
import type { Sockets } from './sockets.ts'

/** How many clients with a session there are, by protocol. */
export function countByProtocol(hub: SessionHub): Map<string, number> {
  const counts = new Map<string, number>()
  for (const { protocol } of hub.clients()) {
    counts.set(protocol.name, (counts.get(protocol.name) ?? 0) + 1)
  }
  return counts
}

/** How many connections have more unsent than is pushed. */
export function countSlow(sockets: Sockets): number {
  return [...sockets.all()].filter(({ buffered }) => buffered > HIGH_WATER).length
}
