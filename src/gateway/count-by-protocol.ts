import type { SessionHub } from './session.ts'

/** How many clients with a session there are, by protocol. */
export function countByProtocol(hub: SessionHub): Map<string, number> {
  const counts = new Map<string, number>()
  for (const { protocol } of hub.clients()) {
    counts.set(protocol.name, (counts.get(protocol.name) ?? 0) + 1)
  }
  return counts
}
