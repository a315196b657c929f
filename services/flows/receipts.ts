import {
  type Clock,
  isoTime,
  type Keys,
  NotFound,
  partitionOf,
  type Store,
} from '../../src/index.ts'
import type { NotificationRecord } from '../notifications/notification-record.ts'

/** How long after its last reminder a receipt is kept. */
const KEPT_MS = 86_400_000

/** Whom something was sent to that somebody must acknowledge (`receipt:<id>`). */
export interface ReceiptRecord {
  readonly id: string
  readonly created_at: string
  /** When nobody is reminded any more. */
  readonly expires_at: string
  readonly cancel_on: 'any' | 'all'
  readonly recipients: readonly { readonly user_id: string; readonly notification_id: string }[]
  readonly broadcast_id: string | null
}

export interface Receipt extends ReceiptRecord {
  readonly status: 'waiting' | 'acknowledged' | 'expired'
  readonly acknowledged_by: readonly string[]
}

interface Parts {
  readonly store: Store
  readonly keys: Keys
  readonly clock: Clock
}

/** Who has acknowledged what was sent in one call. */
export class Receipts {
  readonly #parts: Parts

  constructor(parts: Parts) {
    this.#parts = parts
  }

  async open(record: ReceiptRecord): Promise<void> {
    const { store, keys, clock } = this.#parts
    const ttl = Date.parse(record.expires_at) - clock.now() + KEPT_MS
    await store.commit({
      partition: this.#at(record.id),
      ops: [['set', keys.receipt(record.id), JSON.stringify(record), Math.max(KEPT_MS, ttl)]],
    })
  }

  async acknowledge(receiptId: string, user: string): Promise<void> {
    const { store, keys } = this.#parts
    const key = keys.receiptAcks(receiptId)
    await store.commit({
      partition: this.#at(receiptId),
      ops: [
        ['sadd', key, user],
        ['expire', key, KEPT_MS],
      ],
    })
  }

  /** Whether anybody of those who got it has acknowledged it. */
  async isAcknowledged(receiptId: string): Promise<boolean> {
    const { store, keys } = this.#parts
    return (await store.count(this.#at(receiptId), keys.receiptAcks(receiptId))) > 0
  }

  /** Throws `NotFound`. */
  async find(id: string): Promise<Receipt> {
    const { store, keys, clock } = this.#parts
    const [text, acks] = await Promise.all([
      store.get(this.#at(id), keys.receipt(id)),
      store.members(this.#at(id), keys.receiptAcks(id)),
    ])
    if (text === null) throw new NotFound(`There is no receipt ${id}.`)
    const record = JSON.parse(text) as ReceiptRecord
    const wanted = record.cancel_on === 'any' ? 1 : Math.max(1, record.recipients.length)
    const isLate = Date.parse(record.expires_at) <= clock.now()
    const status = acks.length >= wanted ? 'acknowledged' : isLate ? 'expired' : 'waiting'
    return { ...record, status, acknowledged_by: acks.sort() }
  }

  #at(id: string): number {
    return partitionOf(id, this.#parts.store.partitions)
  }
}

/** What a notification was sent together with: its transaction; else it is alone. */
export function receiptIdOf({ id, transaction_id }: NotificationRecord): string {
  return transaction_id ?? id
}

/** The receipt of what is sent now. */
export function newReceipt(
  given: Pick<ReceiptRecord, 'id' | 'cancel_on' | 'recipients' | 'broadcast_id'>,
  { now, expiresAt }: { readonly now: number; readonly expiresAt: number },
): ReceiptRecord {
  return { ...given, created_at: isoTime(now), expires_at: isoTime(expiresAt) }
}
