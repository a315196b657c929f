import type { Provider } from '../../services/channels/channel.ts'
import type { UnreadTopic } from '../../services/notifications/unread-topic.ts'
import type { Worker } from '../queue/worker.ts'
import type { Bus } from '../store/bus.ts'
import type { Store } from '../store/store.ts'
import { messageOf } from '../support/errors.ts'
import type { Logger } from '../support/logger.ts'
import type { Housekeeper } from './housekeeper.ts'
import type { RunningBroker } from './start-broker.ts'
import type { RunningHttp } from './start-http.ts'

interface Running {
  readonly broker: RunningBroker | null
  readonly http: RunningHttp
  readonly workers: readonly Pick<Worker, 'stop'>[]
  readonly housekeeper: Housekeeper
  readonly unreadTopic: UnreadTopic
  readonly providers: ReadonlyMap<string, Provider>
  readonly bus: Bus
  readonly store: Store
  readonly log: Logger
}

/**
 * Intake first, then what is in hand, the store last: nothing is taken in that
 * could not be kept. Takes about `withinMs`; what is not done by then comes back.
 */
export async function stopApp(running: Running, withinMs: number): Promise<void> {
  const { broker, http, workers, housekeeper, unreadTopic, providers, bus, store, log } = running
  housekeeper.stop()
  const ends = await Promise.allSettled([
    broker?.stop(withinMs * 0.8),
    http.stop(withinMs * 0.8),
    ...workers.map((worker) => worker.stop(withinMs * 0.7)),
    unreadTopic.stop(),
  ])
  await Promise.allSettled([...providers.values()].map((provider) => provider.close?.()))
  ends.push(...(await Promise.allSettled([bus.close(), store.close()])))
  for (const end of ends) {
    if (end.status === 'rejected')
      log.warn({ reason: messageOf(end.reason) }, 'not stopped cleanly')
  }
  log.info('stopped')
}
