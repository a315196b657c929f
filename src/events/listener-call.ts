import type { ClassRegistry } from '../support/class-registry.ts'
import { delayedUntil } from '../support/moments.ts'
import { eventNameOf } from './event-name.ts'
import type { QueueTerms } from './listener.ts'

/** An event as a job holds it; `class` is empty for a bare payload. */
export interface FrozenEvent {
  readonly name: string
  readonly class: string
  readonly data: string
  /** Whether it was a name with a payload that is no object. */
  readonly bare?: boolean
}

/** One call that a worker is to make. */
export interface ListenerCall {
  /** The dispatch's id and the listener: the same call again has no effect. */
  readonly id: string
  /** `null`: the event itself is to be dispatched. */
  readonly listener: string | null
  readonly event: FrozenEvent
  /** Epoch milliseconds; `null`: at once. */
  readonly availableAt: number | null
  readonly terms: Omit<QueueTerms, 'delay'>
}

/** Keeps calls until a worker has made them, however often the process dies meanwhile. */
export interface ListenerJobs {
  /** Durable when it resolves. */
  push(calls: readonly ListenerCall[]): Promise<void>
}

/** Throws `TypeError` when a field cannot be kept. */
export function freezeEvent(
  classes: ClassRegistry,
  event: object | string,
  payload: unknown,
): FrozenEvent {
  const name = eventNameOf(event)
  if (typeof event !== 'string') return { name, ...classes.freeze(event) }
  const isObject = typeof payload === 'object' && payload !== null && !Array.isArray(payload)
  if (isObject) return { name, ...classes.freeze(payload) }
  return { name, ...classes.freeze({ payload }), bare: true }
}

/** What listeners are called with; of a class that is not loaded here, its fields. */
export function thawEvent(classes: ClassRegistry, frozen: FrozenEvent): unknown {
  const thawed = classes.thaw(frozen) ?? classes.thaw({ ...frozen, class: '' })
  return frozen.bare ? (thawed as { payload?: unknown }).payload : thawed
}

/** A call on the terms of its listener. */
export function callOf(
  id: string,
  listener: string | null,
  event: FrozenEvent,
  { delay, ...terms }: QueueTerms,
  now: number,
): ListenerCall {
  return { id, listener, event, availableAt: delayedUntil(delay, now), terms }
}
