import { inPartition, partitionOf, uuidFrom, uuidv7 } from '../../src/index.ts'
import type { Identity } from './acceptance.ts'

interface Minting {
  /** The tenant's prefix. */
  readonly scope: string
  readonly partitions: number
  readonly now: number
  /** In whose partition the id must lie; absent: anywhere. */
  readonly owner?: string
}

/**
 * The id of what a message creates: the message's own, so that trying again
 * makes nothing new; with an idempotency key it follows from the key, so that a
 * repetition finds what the first one made even after its marker is gone.
 */
export function mintId({ id: ownId, target, idempotencyKey }: Identity, minting: Minting): string {
  const { scope, partitions, now, owner } = minting
  const words = [scope, target, idempotencyKey ?? '', owner ?? '']
  const id = idempotencyKey === null ? (ownId ?? uuidv7(now)) : uuidFrom(...words)
  return owner === undefined ? id : inPartition(id, partitionOf(owner, partitions), partitions)
}
