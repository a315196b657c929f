import { NotFound } from '../../src/index.ts'
import { isSnoozed } from './inbox-listing.ts'
import { isUnread, type NotificationRecord } from './notification-record.ts'
import {
  type Change,
  type ChangeParts,
  type RecordChanges,
  snoozedMember,
} from './record-changes.ts'

/** At one look; the next follows soon. */
const CHUNK = 100

/** Brings back what was snoozed until now: unread, at the top, delivered anew. */
export async function wakeSnoozed(
  parts: ChangeParts,
  changes: RecordChanges,
  partition: number,
): Promise<number> {
  const { store, keys, clock } = parts
  const due = await store.rangeByScore(partition, keys.snoozed(), 0, clock.now(), CHUNK)
  for (const { member } of due) {
    const [user = '', id = ''] = member.split(' ')
    await wakeOne(changes, user, id, clock.now())
    await forgetOne(parts, user, id, partition)
  }
  return due.length
}

async function wakeOne(
  changes: RecordChanges,
  user: string,
  id: string,
  now: number,
): Promise<void> {
  try {
    await changes.change(user, id, (record) => woken(record, now))
  } catch (error) {
    if (!(error instanceof NotFound)) throw error
  }
}

/** Unchanged if it is awake already, or is to sleep on. */
function woken(record: NotificationRecord, now: number): Change {
  if (record.snoozed_until === null || isSnoozed(record, now)) {
    return { record, unread: isUnread(record) }
  }
  const awake = { ...record, snoozed_until: null, read: false, read_at: null }
  const isBack = isUnread(awake)
  return {
    record: { ...awake, version: record.version + 1 },
    unread: isBack,
    isMovedUp: isBack,
  }
}

/** Of one that is gone, or is awake for another reason, nothing waits any more. */
async function forgetOne(
  { store, keys }: ChangeParts,
  user: string,
  id: string,
  partition: number,
): Promise<void> {
  const key = keys.notification(id)
  const text = await store.get(partition, key)
  const record = text === null ? null : (JSON.parse(text) as NotificationRecord)
  if (record !== null && record.snoozed_until !== null) return
  await store.commit({
    partition,
    guards: [['expect', key, text]],
    ops: [['zrem', keys.snoozed(), snoozedMember(user, id)]],
  })
}
