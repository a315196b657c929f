import { type FrozenEvent, type ListenerCall, uuidFrom } from '../../src/index.ts'
import { type DeliveryJob, makeJob } from '../deliveries/delivery-job.ts'

/** A listener's call as a job holds it. */
export interface ListenerContent {
  readonly kind: 'listener'
  /** `null`: the event itself is to be dispatched. */
  readonly listener: string | null
  readonly event: FrozenEvent
}

export type ListenerJob = DeliveryJob<ListenerContent>

/** The job of a call, in the queue that its listener names. */
export function listenerJob(call: ListenerCall, now: number): ListenerJob {
  const { id, listener, event, availableAt, terms } = call
  const { queue, tries, backoffMs, timeoutMs, maxExceptions, retryUntil } = terms
  const job = makeJob<ListenerContent>({
    id,
    channel: queue,
    priority: queue.startsWith('critical') ? 'critical' : 'normal',
    content: { kind: 'listener', listener, event },
    now,
    sendAt: availableAt,
    terms: {
      max_attempts: tries,
      ...(backoffMs.length === 0 ? {} : { backoff_ms: backoffMs }),
      ...(timeoutMs === null ? {} : { timeout_ms: timeoutMs }),
      ...(maxExceptions === null ? {} : { max_exceptions: maxExceptions }),
      ...(retryUntil === null ? {} : { retry_until: retryUntil / 1000 }),
    },
  })
  return job
}

/** Calls of one listener about one thing share a job, so that there can be one at a time. */
export function sharedId({ listener, terms }: ListenerCall, round: number): string {
  const words = ['listener', listener ?? '', terms.uniqueId ?? '', String(round)]
  return `${uuidFrom(...words)}.${listener}`
}

/** Whether the text of a job is that of a listener's call; most texts need not be parsed for that. */
export function isListenerJob(text: string): boolean {
  if (!text.includes('"kind":"listener"')) return false
  return (JSON.parse(text) as { readonly kind?: string }).kind === 'listener'
}
