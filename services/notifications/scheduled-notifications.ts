import {
  BelfryError,
  type Keys,
  type Lease,
  type Logger,
  type Settlement,
} from '../../src/index.ts'
import { type DeliveryJob, jobKey } from '../deliveries/delivery-job.ts'
import { ownWork } from './acceptance.ts'
import type { Message, Origin } from './notification-record.ts'
import type { NotificationService } from './notification-service.ts'

interface ScheduledContent {
  readonly message: Message
  readonly origin: Origin
}

interface Parts {
  readonly keys: Keys
  readonly log: Logger
  readonly notifications: NotificationService
}

/** Sends what was put off until `send_at`, under the id that was given out then. */
export class ScheduledNotifications {
  readonly #parts: Parts

  constructor(parts: Parts) {
    this.#parts = parts
  }

  handle = async (lease: Lease): Promise<Settlement> => {
    const { keys, log, notifications } = this.#parts
    const job = JSON.parse(lease.job) as DeliveryJob<ScheduledContent>
    const { message, origin } = job
    try {
      await notifications.send({
        userId: job.user_id ?? '',
        id: job.id,
        message,
        origin,
        identity: ownWork,
      })
    } catch (error) {
      if (!(error instanceof BelfryError) || error.retryable) throw error
      log.info({ notification: job.id, code: error.code }, 'a scheduled notification was not sent')
    }
    return {
      ops: [
        ['del', jobKey(keys, job.channel, job.id)],
        ['del', keys.scheduled(job.id)],
      ],
    }
  }
}
