import { createHash, randomFillSync } from 'node:crypto'

/** What a user, group, alert type or event may be called (contract §3). */
const SAFE_ID = /^[A-Za-z0-9_\-=@.:|~]{1,128}$/
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/

/** Whether an id fits a topic level, a Redis key and a channel name. */
export function isSafeId(id: unknown): id is string {
  return typeof id === 'string' && SAFE_ID.test(id)
}

const pool = Buffer.alloc(4096)
let used = pool.length

function randomBytes10(): Buffer {
  if (used + 10 > pool.length) {
    randomFillSync(pool)
    used = 0
  }
  used += 10
  return pool.subarray(used - 10, used)
}

/** A UUIDv7 (RFC 9562 §5.7): sortable by time, so it serves as a cursor too. */
export function uuidv7(now: number = Date.now()): string {
  const time = now.toString(16).padStart(12, '0')
  const random = randomBytes10()
  random[0] = (random[0]! & 0x0f) | 0x70
  random[2] = (random[2]! & 0x3f) | 0x80
  const hex = random.toString('hex')
  return `${time.slice(0, 8)}-${time.slice(8)}-${hex.slice(0, 4)}-${hex.slice(4, 8)}-${hex.slice(8)}`
}

/** A UUID made from a name (RFC 9562 §5.8): the same words give the same id. */
export function uuidFrom(...words: readonly string[]): string {
  const hash = createHash('sha256').update(words.join('\0')).digest()
  hash[6] = (hash[6]! & 0x0f) | 0x80
  hash[8] = (hash[8]! & 0x3f) | 0x80
  const hex = hash.toString('hex', 0, 16)
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
}

/** Where a UUID lies among those that are made from the same one, 0 to 4095. Default: anywhere. */
interface Beside {
  readonly place?: number | undefined
}

/**
 * The same, but in order of ids where `uuid` is, by whose first 48 bits it begins, and there
 * in the order of `place`: what is made together lies together, which a store that keeps keys
 * in order is thankful for.
 */
export function uuidBeside(uuid: string, { place }: Beside, ...words: readonly string[]): string {
  const named = uuidFrom(uuid, ...words)
  if (!UUID.test(uuid)) return named
  const among = place === undefined ? named.slice(15, 18) : (place & 0xfff).toString(16)
  return `${uuid.slice(0, 13)}-8${among.padStart(3, '0')}${named.slice(18)}`
}

/**
 * The partition that everything belonging to `id` lies in. A UUID (also with a
 * suffix, such as a delivery id) is placed by its last four hex digits, so that
 * {@link inPartition} can mint an id for the partition of something else; any
 * other id by FNV-1a.
 */
export function partitionOf(id: string, partitions: number): number {
  if (partitions === 1) return 0
  if (UUID.test(id)) return Number.parseInt(id.slice(32, 36), 16) % partitions
  let hash = 0x811c9dc5
  for (let index = 0; index < id.length; index++) {
    hash = Math.imul(hash ^ id.charCodeAt(index), 0x01000193)
  }
  return (hash >>> 0) % partitions
}

/** The same UUID, moved to `partition` by its last four hex digits. */
export function inPartition(uuid: string, partition: number, partitions: number): string {
  if (partitions === 1) return uuid
  const tail = Number.parseInt(uuid.slice(32), 16)
  const moved = (Math.min(tail, 0xffff - partitions) / partitions) | 0
  return uuid.slice(0, 32) + (moved * partitions + partition).toString(16).padStart(4, '0')
}
