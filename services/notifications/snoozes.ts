import { NotFound } from '../../src/index.ts'
import type { ChangeParts, RecordChanges } from './record-changes.ts'

/** At one look; the next follows soon. */
const CHUNK = 100

/** Brings back what was snoozed until now: unread, at the top, delivered anew. */
export async function wakeSnoozed(
  { store, keys, clock }: ChangeParts,
  changes: RecordChanges,
  partition: number,
): Promise<number> {
  const due = await store.rangeByScore(partition, keys.snoozed(), 0, clock.now(), CHUNK)
  for (const { member } of due) {
    const [user = '', id = ''] = member.split(' ')
    await changes
      .change(user, id, (record) => ({
        record: {
          ...{ ...record, snoozed_until: null, read: false, read_at: null },
          version: record.version + 1,
        },
        unread: true,
        isMovedUp: true,
      }))
      .catch((error) => {
        if (!(error instanceof NotFound)) throw error
      })
    await store.commit({ partition, ops: [['zrem', keys.snoozed(), member]] })
  }
  return due.length
}
