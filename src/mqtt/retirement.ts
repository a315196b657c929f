import { Connection } from './connection.ts'
import type { Subscriber, SubscriberOptions } from './subscriber.ts'

/** How often a session that is being retired is looked at. */
const LOOK_MS = 50

export interface RetirementTimes {
  /** A session in which nothing came for so long has nothing more. */
  readonly quietMs: number
  /** Under a steady flow it never is quiet; what was parked came first. */
  readonly longestMs: number
}

/**
 * Ends a broker session that nobody will come back for, after handling what the
 * broker kept for it: first as a member of its groups (a broker may throw away
 * what waits when a subscription ends), then without subscriptions, until it is
 * quiet each time. Answers `false` when `isStopped` ended it before.
 */
export async function retireSession(
  session: Subscriber,
  options: SubscriberOptions,
  how: { readonly times: RetirementTimes; readonly isStopped: () => boolean },
): Promise<boolean> {
  session.start()
  for (;;) {
    if (!(await becomesQuiet(session, options, how))) return false
    if (!(await session.unsubscribe(options.unsubscribe))) continue
    if (!(await becomesQuiet(session, options, how))) return false
    if (!session.connection.connected) continue
    await endSession(session, options)
    return true
  }
}

async function becomesQuiet(
  session: Subscriber,
  { clock }: SubscriberOptions,
  { times, isStopped }: Parameters<typeof retireSession>[2],
): Promise<boolean> {
  const startedAt = performance.now()
  while (!isStopped()) {
    const { connectedAt } = session.connection
    const { quietMs } = session
    if (quietMs >= times.quietMs) return true
    const since = connectedAt === null ? Number.POSITIVE_INFINITY : Math.max(startedAt, connectedAt)
    if (performance.now() - since >= times.longestMs) return true
    await new Promise<void>((resolve) => clock.after(LOOK_MS, resolve))
  }
  return false
}

/** MQTT 5 lets the session end with the connection; 3.1.1 needs another, clean one. */
async function endSession(session: Subscriber, options: SubscriberOptions): Promise<void> {
  const { version } = session.connection
  await session.drain()
  await session.connection.end(version === 5 ? { properties: { sessionExpiryInterval: 0 } } : {})
  if (version === 5) return
  await new Promise<void>((resolve) => {
    const cleaner = new Connection({
      ...options,
      session: () => ({ clean: true }),
      onConnected: () => void cleaner.end().then(resolve),
    })
    cleaner.start()
  })
}
