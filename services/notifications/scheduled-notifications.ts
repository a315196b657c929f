import {
  BelfryError,
  type Keys,
  type Lease,
  type Logger,
  type Settlement,
} from '../../src/index.ts'
import { jobKey } from '../deliveries/delivery-job.ts'
import { unlabelOps } from '../flows/labels.ts'
import { ownWork } from './acceptance.ts'
import type { NotificationService } from './notification-service.ts'
import type { ScheduledJob } from './scheduling.ts'

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
    const job = JSON.parse(lease.job) as ScheduledJob
    const { message, origin } = job
    try {
      await notifications.send({
        userId: job.user_id ?? '',
        id: job.id,
        message,
        origin,
        identity: ownWork,
        isPutOff: true,
      })
    } catch (error) {
      if (!(error instanceof BelfryError) || error.retryable) throw error
      log.info({ notification: job.id, code: error.code }, 'a scheduled notification was not sent')
    }
    return {
      ops: [
        ['del', jobKey(keys, job.channel, job.id)],
        ['del', keys.scheduled(job.id)],
        ...unlabelOps(keys, { id: job.id, message, origin }),
      ],
    }
  }
}
