import type { Broadcaster } from '../broadcaster.ts'

/** Broadcasts nothing: for tests, and for processes whose clients are nobody's concern. */
export function nullBroadcaster(): Broadcaster {
  return { name: 'null', broadcast: async () => {} }
}
