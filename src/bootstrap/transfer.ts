import { once } from 'node:events'
import { createReadStream } from 'node:fs'
import { createInterface } from 'node:readline'
import type { Writable } from 'node:stream'
import { placementOf } from '../store/key-owner.ts'
import { queueKeys } from '../store/keys.ts'
import type { Op, Priority, Store, StoredKey } from '../store/store.ts'
import { InvalidPayload } from '../support/errors.ts'
import { partitionOf } from '../support/ids.ts'

const FORMAT = 'belfry-store'
const VERSION = 1
const CHUNK = 500

/** Writes every key as a JSON line; answers how many there were. */
export async function exportStore(
  store: Store,
  out: Writable,
  onProgress: (done: number) => void = () => {},
): Promise<number> {
  let done = 0
  const write = async (line: object) => {
    if (!out.write(`${JSON.stringify(line)}\n`)) await once(out, 'drain')
  }
  await write({ format: FORMAT, version: VERSION, exported_at: new Date().toISOString() })
  for await (const { partition: _, ...key } of store.keys()) {
    await write(key)
    onProgress(++done)
  }
  await write({ end: done })
  out.end()
  await once(out, 'finish')
  return done
}

type Exported = { [Kind in StoredKey as Kind['kind']]: Omit<Kind, 'partition'> }[StoredKey['kind']]

/** Reads what `exportStore` wrote; answers how many keys. Reading the same file twice adds nothing. */
export async function importStore(
  store: Store,
  file: string,
  onProgress: (done: number) => void = () => {},
): Promise<number> {
  const waiting: { queue: string; id: string; availableAt: number }[] = []
  let done = 0
  let end: number | null = null
  for await (const line of createInterface({ input: createReadStream(file) })) {
    const record = JSON.parse(line) as
      | Exported
      | { format: string; version: number }
      | { end: number }
    if ('format' in record) assertFormat(record)
    else if ('end' in record) end = record.end
    else {
      const jobs = waitingIn(record)
      if (jobs) waiting.push(...jobs)
      else await importKey(store, record)
      onProgress(++done)
    }
  }
  if (end !== done) {
    throw new InvalidPayload(
      `${file} is cut: it ends after ${done} keys, ${end ?? 'no end'} expected.`,
    )
  }
  for (const job of waiting) await enqueue(store, job)
  return done
}

function assertFormat({ format, version }: { format: string; version: number }): void {
  if (format === FORMAT && version === VERSION) return
  throw new InvalidPayload(`This is ${format} ${version}; ${FORMAT} ${VERSION} can be read.`)
}

/** Jobs that wait, are scheduled or were in hand: they are put into their queue again. */
function waitingIn(key: Exported): { queue: string; id: string; availableAt: number }[] | null {
  const [, queue, part] =
    /^([a-z]+_queue):(critical|high|normal|low|scheduled|leases|takes)$/.exec(key.key) ?? []
  if (queue === undefined) return null
  if (key.kind === 'list')
    return [...key.value].reverse().map((id) => ({ queue, id, availableAt: 0 }))
  if (key.kind !== 'zset') return []
  return key.value.map(([id, score]) => ({
    queue,
    id,
    availableAt: part === 'scheduled' ? score : 0,
  }))
}

async function enqueue(
  store: Store,
  { queue, id, availableAt }: { queue: string; id: string; availableAt: number },
): Promise<void> {
  const partition = partitionOf(id, store.partitions)
  const job = await store.get(partition, queueKeys.job(queue, id))
  if (job === null) return
  const { priority } = JSON.parse(job) as { priority: Priority }
  const week = 7 * 86_400_000
  await store.commit({
    partition,
    guards: [['once', `imported:${queue}:${id}`, '1', 3_600_000]],
    ops: [
      [
        'enqueue',
        queue,
        id,
        job,
        priority,
        availableAt,
        week + Math.max(0, availableAt - Date.now()),
      ],
    ],
  })
}

async function importKey(store: Store, key: Exported): Promise<void> {
  const placement = placementOf(key.key)
  if (placement.by === 'drop' || key.kind === 'hash') return
  if (placement.by === 'id') {
    await commit(store, partitionOf(placement.id, store.partitions), key, opsFor(key))
    return
  }
  const members = Map.groupBy(opsFor(key), (op) => partitionOf(memberOf(op), store.partitions))
  for (const [partition, ops] of members) await commit(store, partition, key, ops)
}

async function commit(store: Store, partition: number, key: Exported, ops: readonly Op[]) {
  const replace: Op[] = key.kind === 'list' ? [['del', key.key]] : []
  const all = [...replace, ...ops]
  for (let from = 0; from < all.length; from += CHUNK) {
    await store.commit({ partition, ops: all.slice(from, from + CHUNK) })
  }
  if (key.kind !== 'string' && key.ttlMs !== null) {
    await store.commit({ partition, ops: [['expire', key.key, key.ttlMs]] })
  }
}

function opsFor(key: Exported): Op[] {
  switch (key.kind) {
    case 'string':
      return [['set', key.key, key.value, key.ttlMs ?? 0]]
    case 'list':
      return [...key.value].reverse().map((value): Op => ['push', key.key, value, 0])
    case 'set':
      return key.value.map((member): Op => ['sadd', key.key, member])
    case 'zset':
      return key.value.map(([member, score]): Op => ['zadd', key.key, score, member])
    default:
      return []
  }
}

/** Snoozed ones are `<user> <id>`: the user's partition. */
function memberOf(op: Op): string {
  const member = String(op[0] === 'zadd' ? op[3] : op[2])
  return member.split(' ')[0] ?? member
}
