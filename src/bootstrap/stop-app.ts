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
import type { Tenants } from './tenants.ts'

interface Running {
  readonly broker: RunningBroker | null
  readonly http: RunningHttp
  readonly workers: readonly Pick<Worker, 'stop'>[]
  readonly housekeeper: Housekeeper
  readonly unreadTopic: UnreadTopic
  readonly providers: ReadonlyMap<string, Provider>
  readonly tenants: Pick<Tenants, 'stop'>
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
  const inHand = [
    broker?.stop(withinMs * 0.8),
    http.stop(withinMs * 0.8),
    ...workers.map((worker) => worker.stop(withinMs * 0.7)),
    unreadTopic.stop(),
    running.tenants.stop(withinMs * 0.7),
  ]
  const ends = await settled(inHand, withinMs * 0.8)
  const closing = [...providers.values()].map((provider) => provider.close?.())
  ends.push(...(await settled(closing, withinMs * 0.1)))
  ends.push(...(await settled([bus.close(), store.close()], withinMs * 0.1)))
  for (const reason of ends) log.warn({ reason }, 'not stopped cleanly')
  log.info('stopped')
}

/** Waits for all of it, for so long at most: a server that is away must not keep us. Answers with what went wrong. */
async function settled(
  ends: readonly (Promise<void> | undefined)[],
  withinMs: number,
): Promise<string[]> {
  const late = new Promise<string>((resolve) => {
    setTimeout(resolve, withinMs, `it took longer than ${Math.round(withinMs)} ms`).unref()
  })
  const each = ends.map(async (end) => {
    try {
      return await Promise.race([end, late])
    } catch (error) {
      return messageOf(error)
    }
  })
  return (await Promise.all(each)).filter((reason) => typeof reason === 'string')
}
