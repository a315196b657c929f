import type { Happening } from './event.ts'
import { eventNameOf } from './event-name.ts'
import type { Entry, QueueTerms } from './listener.ts'

/** A listener that failed. */
export interface Failure {
  readonly entry: Entry
  readonly error: Error
}

/** The answer that decided, and whose it is. */
export interface Decision {
  readonly answer: unknown
  readonly by: string
}

/** What came of a dispatch. */
export interface Dispatched {
  readonly results: readonly unknown[]
  /** Listeners that need not be asked again. */
  readonly done: readonly string[]
  readonly failures: readonly Failure[]
}

/** One dispatch on its way past its listeners. */
export interface DispatchRun {
  readonly id: string
  readonly event: Happening
  readonly payload: unknown
  /** What listeners get: the event itself, or the payload of a name. */
  readonly subject: unknown
  readonly name: string
  readonly results: unknown[]
  readonly queued: { readonly entry: Entry; readonly terms: QueueTerms }[]
  readonly failures: Failure[]
  /** Whether it may be repeated: failures are collected then. */
  readonly isAttempt: boolean
  stopped: boolean
}

export function runOf(
  id: string,
  event: Happening,
  payload: unknown,
  isAttempt = false,
): DispatchRun {
  const subject = typeof event === 'string' ? payload : event
  const name = eventNameOf(event)
  const rest = { results: [], queued: [], failures: [], stopped: false, isAttempt }
  return { id, event, payload, subject, name, ...rest }
}
