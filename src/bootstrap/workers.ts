import { mootPages } from '../../services/alerts/moot-pages.ts'
import type { Provider, SendOutcome } from '../../services/channels/channel.ts'
import { DeliveryHooks } from '../../services/deliveries/delivery-hooks.ts'
import type { DeliveryJob } from '../../services/deliveries/delivery-job.ts'
import { DeliveryService } from '../../services/deliveries/delivery-service.ts'
import { GivenUp } from '../../services/deliveries/given-up.ts'
import { isListenerJob } from '../../services/events/listener-job.ts'
import { ScheduledNotifications } from '../../services/notifications/scheduled-notifications.ts'
import { type JobHandler, type Settlement, Worker } from '../queue/worker.ts'
import type { Bus } from '../store/bus.ts'
import type { Keys } from '../store/keys.ts'
import type { Store } from '../store/store.ts'
import type { Clock } from '../support/clock.ts'
import type { Logger } from '../support/logger.ts'
import { OwnQueues } from './own-queues.ts'
import type { Services } from './services.ts'

interface Parts {
  readonly store: Store
  readonly bus: Bus
  readonly keys: Keys
  readonly clock: Clock
  readonly log: Logger
  readonly services: Services
  /** How rarely to look for work of which no word came. Default: as often as the store bears. */
  readonly pollMs?: number
  /** What stands around every job. */
  readonly around?: (work: () => Promise<Settlement>) => Promise<Settlement>
  /** Channel → its provider; each gets a worker. */
  readonly providers: ReadonlyMap<string, Provider>
  readonly queue: {
    readonly leaseMs: number
    readonly heartbeatMs: number
    readonly reaperMs: number
  }
  readonly onOutcome: (
    job: DeliveryJob,
    provider: string,
    outcome: SendOutcome,
    tookMs: number,
  ) => void
}

/** A worker, or several; `lookedAt` where it can say when it last looked for work (epoch ms). */
export type RunningWorker = Pick<Worker, 'start' | 'stop'> & { readonly lookedAt?: number }

/** How many jobs of a queue one process works on at once. */
const CONCURRENCY = 64
const FAN_OUTS = 4
/** Digests, further channels, reminders and what recurs are not due to the fraction of a second. */
const SLOW = ['followup', 'recurrence']
const SLOW_POLL_MS = 1000

/** One worker per queue: what was put off, fan-outs, and every channel that needs a provider. */
export function createWorkers(parts: Parts): RunningWorker[] {
  const { keys, services, providers, around = (work) => work() } = parts
  const hooks = new DeliveryHooks(services.lifecycle)
  const isMoot = mootPages(services.alertStore)
  const deliveries = new DeliveryService({ ...parts, hooks, isMoot })
  const givenUp = new GivenUp({ ...parts, hooks })
  const { listenerWork, queueNames } = services
  const scheduled = new ScheduledNotifications({ ...parts, notifications: services.notifications })
  const worker = (channel: string, handler: JobHandler, concurrency = CONCURRENCY) =>
    new Worker({
      ...parts,
      ...timing(parts),
      queue: keys.queue(channel),
      handler: parts.around ? (lease, signal) => around(() => handler(lease, signal)) : handler,
      concurrency,
      ...(SLOW.includes(channel) && !parts.pollMs ? { pollMs: SLOW_POLL_MS } : {}),
      onGivenUp: givenUp.note,
    })
  return [
    worker('notification', scheduled.handle),
    worker('followup', services.followUps.handle),
    worker('recurrence', services.recurrenceWork.handle),
    worker('alert', services.alertWork.handle),
    worker('rule', services.ruleWork.handle),
    worker('broadcast', services.broadcasts.handle, FAN_OUTS),
    worker('event', services.eventWork.handle),
    worker('notifiable', services.notifiableEvents.handle),
    worker('listener', listenerWork.handle),
    ...[...providers.keys()].map((channel) => worker(channel, eitherOf(listenerWork, deliveries))),
    new OwnQueues({
      ...{ ...parts, queueNames },
      workerFor: (name) => worker(name, eitherOf(listenerWork, deliveries)),
    }),
  ]
}

interface Work {
  readonly handle: JobHandler
}

/** A queue may hold deliveries and calls of listeners, as its name was chosen for both. */
function eitherOf(listeners: Work, deliveries: Work): JobHandler {
  return (lease, signal) => {
    return (isListenerJob(lease.job) ? listeners : deliveries).handle(lease, signal)
  }
}

/** Many partitions are looked at less often: wake-ups carry the haste, looks only the rest. */
function timing({ store, queue, pollMs = store.partitions > 1 ? 1000 : 250 }: Parts) {
  return {
    leaseMs: queue.leaseMs,
    heartbeatMs: queue.heartbeatMs,
    reapMs: queue.reaperMs,
    pollMs,
  }
}
