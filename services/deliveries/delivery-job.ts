import { type Keys, type Op, type Priority, queueKeys, type Said } from '../../src/index.ts'
import { maxAttemptsOf } from './retry-schedule.ts'

/** How far a delivery has come (contract §9 names the final ones). */
export type DeliveryStatus =
  | 'pending'
  | 'queued'
  | 'sending'
  | 'sent'
  | 'delivered'
  | 'read'
  | 'failed'
  | 'skipped'
  | 'canceled'
  | 'uncertain'

/** One try, and what came of it. */
export interface AttemptRecord {
  readonly at: string
  readonly provider: string
  readonly outcome: string
  readonly reason?: string
  /** The provider's own name for the message. */
  readonly id?: string
  /** One for each provider that was tried before, or for each device. */
  readonly parts?: readonly object[]
}

/** What every delivery's job says of itself, with the seed's fields; moments in epoch seconds. */
export interface JobHeader {
  readonly id: string
  readonly channel: string
  readonly priority: Priority
  readonly status: DeliveryStatus
  /** Tries that a provider answered; waiting for an unreachable one uses none up. */
  readonly attempts: number
  readonly max_attempts: number
  readonly send_at: number
  readonly created_at: number
  readonly expires_at: number | null
  /** Since when its provider could not be reached; absent: it was, or it was not asked yet. */
  readonly unreachable_since?: number
  readonly user_id: string | null
  readonly notification_id: string | null
  readonly history: readonly AttemptRecord[]
  /** Of what notification it is, for statistics; absent where it names an address alone. */
  readonly about?: About
  /** Where it waits, if not in the queue of its channel. */
  readonly queue?: string
  /** Which notification class says it, for what the class has to say in the worker. */
  readonly said?: Said
  /** Milliseconds between tries, the last one stays; absent: as the channel has it. */
  readonly backoff_ms?: readonly number[]
  /** Milliseconds that one try may take. */
  readonly timeout_ms?: number
  /** How many tries may fail; absent: all of them. */
  readonly max_exceptions?: number
  /** How many have; those that were put back have not. */
  readonly exceptions?: number
  /** Epoch seconds: tried until then, however often. */
  readonly retry_until?: number
}

export interface About {
  readonly type: string
  readonly variant?: string
}

/** The work of one delivery, stored under `<channel>_job:<id>`: header and what its sender needs. */
export type DeliveryJob<Content = object> = JobHeader & Content

/** A waiting job outlives its longest wait by far; a finished one is kept for a day. */
export const WAITING_TTL_MS = 7 * 86_400_000
export const FINAL_TTL_MS = 86_400_000
/** How many failed jobs of a queue are listed. */
export const FAILED_LIMIT = 10_000

interface NewJob<Content extends object> {
  readonly id: string
  readonly channel: string
  readonly priority: Priority
  readonly content: Content
  readonly now: number
  /** Epoch ms; `null`: at once. */
  readonly sendAt?: number | null
  /** Epoch ms. */
  readonly expiresAt?: number | null
  readonly userId?: string | null
  readonly notificationId?: string | null
  readonly terms?: JobTerms
}

/** What a notification class says of how its jobs are worked on. */
export interface JobTerms
  extends Pick<
    JobHeader,
    'queue' | 'said' | 'backoff_ms' | 'timeout_ms' | 'retry_until' | 'max_exceptions'
  > {
  readonly max_attempts?: number
}

/** A delivery that has not been tried yet. */
export function makeJob<Content extends object>(job: NewJob<Content>): DeliveryJob<Content> {
  return {
    id: job.id,
    channel: job.channel,
    priority: job.priority,
    status: 'queued',
    attempts: 0,
    max_attempts: maxAttemptsOf(job.channel),
    send_at: (job.sendAt ?? job.now) / 1000,
    created_at: job.now / 1000,
    expires_at: job.expiresAt == null ? null : job.expiresAt / 1000,
    user_id: job.userId ?? null,
    notification_id: job.notificationId ?? null,
    history: [],
    ...job.terms,
    ...job.content,
  }
}

/** Puts a job into its channel's queue; a moment to come makes it a scheduled one. */
export function enqueueOp(keys: Keys, job: DeliveryJob, now: number): Op {
  const availableAt = job.send_at * 1000 > now ? job.send_at * 1000 : 0
  const wait = Math.max(0, availableAt - now)
  const text = JSON.stringify(job)
  return [
    'enqueue',
    keys.queue(queueOf(job)),
    job.id,
    text,
    job.priority,
    availableAt,
    wait + WAITING_TTL_MS,
  ]
}

/** The queue that a job belongs to. */
export function queueOf({ queue, channel }: Pick<JobHeader, 'queue' | 'channel'>): string {
  return queue ?? channel
}

/** Where a job of a queue is stored. */
export function jobKey(keys: Keys, queue: string, id: string): string {
  return queueKeys.job(keys.queue(queue), id)
}
