import type { Outcome, Store, Write } from '../../../src/store/store.ts'
import { waitFor } from '../../support/wait-for.ts'

/** A write that has one effect however often it is repeated: it counts and lists its id. */
export function counting(id: string, partition = 0): Write {
  return {
    partition,
    guards: [['once', `mark:${id}`, 'done', 0]],
    ops: [
      ['incr', 'count', 1, 0],
      ['push', 'list', id, 0],
    ],
  }
}

/** Repeats a write that may not have happened, as its callers do. */
export function insist(store: Store, write: Write): Promise<Outcome> {
  return waitFor(() => store.commit(write), { deadlineMs: 30_000, message: 'never written' })
}
