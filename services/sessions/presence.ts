import { type Clock, type Keys, partitionOf, type Store } from '../../src/index.ts'
import { isPresent, parseSession } from './session-record.ts'

interface Parts {
  readonly store: Store
  readonly keys: Keys
  readonly clock: Clock
}

/** Whether somebody has a session just now, and since when he has been away. */
export interface Presence {
  readonly isOnline: boolean
  /** Minutes since the last sign of life; 0 while he is there, `null`: none for an hour. */
  readonly minutesAway: number | null
}

/** Looks at all sessions of one user, on whatever process. */
export async function presenceOf({ store, keys, clock }: Parts, userId: string): Promise<Presence> {
  const partition = partitionOf(userId, store.partitions)
  const ids = await store.members(partition, keys.sessions(userId))
  const texts = await store.getMany(
    partition,
    ids.map((id) => keys.session(userId, id)),
  )
  const now = clock.now()
  const sessions = texts.map(parseSession).filter((session) => session !== null)
  const isOnline = sessions.some((session) => isPresent(session, now))
  const last = Math.max(...sessions.map(({ last_heartbeat }) => last_heartbeat * 1000))
  const away = sessions.length === 0 ? null : Math.max(0, now - last) / 60_000
  return { isOnline, minutesAway: isOnline ? 0 : away }
}
