import type { Clock } from './clock.ts'
import { Unavailable } from './errors.ts'

export interface Insisting {
  readonly clock: Clock
  /** Whether trying again has no sense any more: then the failure is what comes of it. */
  readonly isOver: () => boolean
  /** Milliseconds before the nth repetition, counted from 0. Default: 500. */
  readonly pauseMs?: (repetition: number) => number
  /** Told of every failure after which it is tried again. */
  readonly onAway?: (error: Unavailable) => void
}

const PAUSE_MS = 500

/** Does something again and again while the store is away. Rejects with `Unavailable` once it is over. */
export async function insist<Result>(
  work: () => Promise<Result>,
  { clock, isOver, pauseMs = () => PAUSE_MS, onAway }: Insisting,
): Promise<Result> {
  for (let repetition = 0; ; repetition++) {
    try {
      return await work()
    } catch (error) {
      if (!(error instanceof Unavailable) || isOver()) throw error
      onAway?.(error)
      await new Promise<void>((resolve) => clock.after(pauseMs(repetition), resolve))
      if (isOver()) throw error
    }
  }
}
