import {
  BelfryError,
  type Clock,
  type Keys,
  type Lease,
  type Logger,
  type Op,
  type Settlement,
  type Store,
} from '../../src/index.ts'
import { type DeliveryJob, enqueueOp, jobKey } from '../deliveries/delivery-job.ts'
import { ownWork } from '../notifications/acceptance.ts'
import { composedFrom } from '../notifications/kept-words.ts'
import type { Message } from '../notifications/notification-record.ts'
import type { NotificationService } from '../notifications/notification-service.ts'
import type { TemplateRenderer } from '../templates/template-renderer.ts'
import type { TemplateUse } from '../templates/template-use.ts'
import { digestMessage } from './digest-message.ts'
import { type DigestContent, Digests } from './digests.ts'
import type { Escalating } from './escalating.ts'
import type { FallbackContent, ReminderContent } from './follow-up-jobs.ts'
import { unlabelOps } from './labels.ts'

type FollowUp = DeliveryJob<DigestContent | FallbackContent | ReminderContent>

interface Parts {
  readonly store: Store
  readonly keys: Keys
  readonly clock: Clock
  readonly log: Logger
  readonly notifications: NotificationService
  readonly templates: TemplateRenderer
  readonly escalating: Escalating
}

/** The worker's part of what waits for its time: digests, further channels, reminders. */
export class FollowUps {
  readonly #parts: Parts
  readonly #digests: Digests

  constructor(parts: Parts) {
    this.#parts = parts
    this.#digests = new Digests(parts)
  }

  handle = async (lease: Lease): Promise<Settlement> => {
    const job = JSON.parse(lease.job) as FollowUp
    const done: Op = ['del', jobKey(this.#parts.keys, job.channel, job.id)]
    switch (job.kind) {
      case 'digest':
        return { ops: [done, ...(await this.#sendDigest(job))] }
      case 'fallback':
        await this.#parts.escalating.fallBack(job)
        return { ops: [done] }
      case 'reminder':
        return { ops: await this.#remind(job, done) }
    }
  }

  /** Sends what was collected, under the id that was given out when it began. */
  async #sendDigest(job: DeliveryJob<DigestContent>): Promise<Op[]> {
    const { keys, notifications, log } = this.#parts
    const { id, message, origin, words } = job
    const collected = await this.#digests.close(id, job)
    const ops = [...this.#digests.doneOps(id, job), ...unlabelOps(keys, { id, message, origin })]
    if (collected.events.length === 0) return ops
    const template = await this.#templateFor(message, collected.count)
    const composed = collected.count === 1 ? composedFrom(words, id) : null
    try {
      await notifications.send({
        ...{ userId: job.user_id ?? '', id, origin, identity: ownWork, isReleased: true },
        message: digestMessage(message, { ...collected, template }),
        ...(composed === null ? {} : { composed }),
      })
    } catch (error) {
      if (!(error instanceof BelfryError) || error.retryable) throw error
      log.info({ digest: id, code: error.code }, 'a digest was not sent')
    }
    return ops
  }

  /** Whose words say it: those of the digest itself where it is of several, else of its messages. */
  async #templateFor(message: Message, count: number): Promise<TemplateUse | null> {
    const { templates, log } = this.#parts
    const { digest, template, data, title } = message
    const name = digest?.template ?? null
    if (name !== null && count > 1) {
      if (await templates.isActive(name)) {
        const params = { ...data, ...template?.params }
        return { name, params, keepsType: true, displayName: title }
      }
      log.error({ template: name }, 'there is no template of this name for a digest')
    }
    return template !== null && (await templates.speaksOfMany(template)) ? template : null
  }

  async #remind(job: DeliveryJob<ReminderContent>, done: Op): Promise<Op[]> {
    const { keys, clock, escalating } = this.#parts
    const reminded = await escalating.remind(job)
    if (reminded === null) return [done]
    const now = clock.now()
    const at = Math.min(now + job.requireAck.retryMs, job.endsAt)
    const next = { ...job, round: job.round + 1, send_at: at / 1000 }
    return [...reminded, enqueueOp(keys, next, now)]
  }
}
