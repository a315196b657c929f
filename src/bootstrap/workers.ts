import type { Provider, SendOutcome } from '../../services/channels/channel.ts'
import type { DeliveryJob } from '../../services/deliveries/delivery-job.ts'
import { DeliveryService } from '../../services/deliveries/delivery-service.ts'
import { GivenUp } from '../../services/deliveries/given-up.ts'
import { ScheduledNotifications } from '../../services/notifications/scheduled-notifications.ts'
import { type JobHandler, Worker } from '../queue/worker.ts'
import type { Bus } from '../store/bus.ts'
import type { Keys } from '../store/keys.ts'
import type { Store } from '../store/store.ts'
import type { Clock } from '../support/clock.ts'
import type { Logger } from '../support/logger.ts'
import type { Services } from './services.ts'

interface Parts {
  readonly store: Store
  readonly bus: Bus
  readonly keys: Keys
  readonly clock: Clock
  readonly log: Logger
  readonly services: Services
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

/** How many jobs of a queue one process works on at once. */
const CONCURRENCY = 64
const FAN_OUTS = 4
/** Digests, further channels, reminders and what recurs are not due to the fraction of a second. */
const SLOW = ['followup', 'recurrence']
const SLOW_POLL_MS = 1000

/** One worker per queue: what was put off, fan-outs, and every channel that needs a provider. */
export function createWorkers(parts: Parts): Worker[] {
  const { keys, services, providers } = parts
  const deliveries = new DeliveryService(parts)
  const givenUp = new GivenUp(parts)
  const scheduled = new ScheduledNotifications({ ...parts, notifications: services.notifications })
  const worker = (channel: string, handler: JobHandler, concurrency = CONCURRENCY) =>
    new Worker({
      ...parts,
      ...timing(parts),
      queue: keys.queue(channel),
      handler,
      concurrency,
      ...(SLOW.includes(channel) ? { pollMs: SLOW_POLL_MS } : {}),
      onGivenUp: givenUp.note,
    })
  return [
    worker('notification', scheduled.handle),
    worker('followup', services.followUps.handle),
    worker('recurrence', services.recurrenceWork.handle),
    worker('alert', services.alertWork.handle),
    worker('rule', services.ruleWork.handle),
    worker('broadcast', services.broadcasts.handle, FAN_OUTS),
    ...[...providers.keys()].map((channel) => worker(channel, deliveries.handle)),
  ]
}

/** Many partitions are looked at less often: wake-ups carry the haste, looks only the rest. */
function timing({ store, queue }: Parts) {
  return {
    leaseMs: queue.leaseMs,
    heartbeatMs: queue.heartbeatMs,
    reapMs: queue.reaperMs,
    pollMs: store.partitions > 1 ? 1000 : 250,
  }
}
