import type { Clock } from '../support/clock.ts'
import { Unavailable } from '../support/errors.ts'

/** Pause between tries while the store is away. */
export const RETRY_MS = 500

/** Does something again and again while the store is away; `null` once `isOver`. */
export async function insist<Result>(
  work: () => Promise<Result>,
  { clock, isOver }: { readonly clock: Clock; readonly isOver: () => boolean },
): Promise<Result | null> {
  while (!isOver()) {
    try {
      return await work()
    } catch (error) {
      if (!(error instanceof Unavailable)) throw error
      await new Promise<void>((resolve) => clock.after(RETRY_MS, resolve))
    }
  }
  return null
}
