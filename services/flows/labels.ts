import type { Keys, Op } from '../../src/index.ts'
import type { Message, Origin } from '../notifications/notification-record.ts'

/** What something that waits can be named by besides its id: its tags and its transaction. */
export function labelsOf(message: Pick<Message, 'tags'>, origin: Origin): string[] {
  const { transaction_id: transaction } = origin
  return [
    ...message.tags.map((tag) => `tag:${tag}`),
    ...(transaction === undefined ? [] : [`transaction:${transaction}`]),
  ]
}

interface Labeled {
  readonly id: string
  /** When its time has come (epoch ms). */
  readonly at: number
  readonly message: Pick<Message, 'tags'>
  readonly origin: Origin
}

/** Writes something that waits under its labels. */
export function labelOps(keys: Keys, { id, at, message, origin }: Labeled): Op[] {
  return labelsOf(message, origin).map((label): Op => ['zadd', keys.label(label), at, id])
}

/** Takes it away from there. */
export function unlabelOps(keys: Keys, { id, message, origin }: Omit<Labeled, 'at'>): Op[] {
  return labelsOf(message, origin).map((label): Op => ['zrem', keys.label(label), id])
}
