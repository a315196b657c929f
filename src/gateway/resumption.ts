import type { Sessions } from './application.ts'

/** As many entries as a session queue keeps: when it is full, older ones may have fallen off. */
const QUEUE_LIMIT = 1000

/** Whether everything that a session was sent beyond `offset` is still in its queue. */
export async function isUnbroken(
  sessions: Sessions,
  { user, session, offset }: { user: string; session: string; offset: number },
): Promise<boolean> {
  const { entries } = await sessions.backlog(user, session)
  const [oldest] = entries
  if (entries.length < QUEUE_LIMIT || oldest === undefined) return true
  return (JSON.parse(oldest) as { seq: number }).seq <= offset + 1
}
