import { afterEach, beforeEach, describe } from 'vitest'
import { Keys } from '../../src/store/keys.ts'
import { describeExpiry } from './store/expiry.ts'
import { describeFanout } from './store/fanout.ts'
import { describeGuards } from './store/guards.ts'
import { describeInbox } from './store/inbox.ts'
import { describeLeases } from './store/leases.ts'
import { describeOperations } from './store/operations.ts'
import { describeQueue } from './store/queue.ts'
import { describeReading } from './store/reading.ts'
import { describeSlots } from './store/slots.ts'
import { type StoreTestOptions, type StoreUnderTest, Subject } from './store/subject.ts'
import { describeWindow } from './store/window.ts'

/**
 * Every promise of `Store`, for any adapter. `setUp` answers with an empty store
 * that goes by `clock`; pass `realTime` when a server times the expiry of keys.
 */
export function describeStore(
  name: string,
  setUp: () => Promise<StoreUnderTest>,
  options: StoreTestOptions = {},
): void {
  describe(`${name} keeps the store contract`, () => {
    const subject = new Subject(options)
    beforeEach(async () => subject.start(await setUp(), new Keys()))
    afterEach(() => subject.stop())

    describeGuards(subject)
    describeOperations(subject)
    describeInbox(subject)
    describeFanout(subject)
    describeQueue(subject)
    describeLeases(subject)
    describeReading(subject)
    describeExpiry(subject)
    describeWindow(subject)
    describeSlots(subject)
  })
}
