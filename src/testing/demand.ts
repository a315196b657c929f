import { AssertionError } from 'node:assert'

/** Fails a test with words that say what was there instead. */
export function demand(holds: boolean, message: string): void {
  if (!holds) throw new AssertionError({ message, stackStartFn: demand })
}
