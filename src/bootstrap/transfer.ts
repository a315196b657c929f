import { createHash } from 'node:crypto'
import { once } from 'node:events'
import type { Writable } from 'node:stream'
import { MIGRATIONS } from '../../services/operations/migrations.ts'
import { queueKeys } from '../store/keys.ts'
import { dataVersion, migrate, setDataVersion, VERSION_KEY } from '../store/migrate.ts'
import type { Op, Priority, Store, StoredKey } from '../store/store.ts'
import { isTransient } from '../store/transient-keys.ts'
import { isoTime } from '../support/clock.ts'
import type { Logger } from '../support/logger.ts'
import { checkExport, type End, FORMAT, type Head, keysIn, VERSION } from './export-file.ts'

const CHUNK = 500
const AT_ONCE = 64
const WEEK_MS = 7 * 86_400_000
const IMPORTED_MS = 3_600_000

/** Writes every key as a JSON line; answers how many there were. */
export async function exportStore(
  store: Store,
  out: Writable,
  onProgress: (done: number) => void = () => {},
): Promise<number> {
  const hash = createHash('sha256')
  let done = 0
  const write = async (text: string) => {
    if (!out.write(`${text}\n`)) await once(out, 'drain')
  }
  const { partitions } = store
  const head: Head = {
    ...{ format: FORMAT, version: VERSION },
    ...{ data_version: await dataVersion(store), partitions },
  }
  await write(JSON.stringify({ ...head, exported_at: isoTime(Date.now()) }))
  for await (const key of store.keys()) {
    const text = JSON.stringify(key)
    hash.update(text)
    await write(text)
    onProgress(++done)
  }
  const end: End = { end: done, sha256: hash.digest('hex') }
  await write(JSON.stringify(end))
  out.end()
  await once(out, 'finish')
  return done
}

interface ImportOptions {
  readonly onProgress?: (done: number) => void
  readonly log: Logger
}

/**
 * Reads what `exportStore` wrote; answers how many keys. The file is checked as a
 * whole before anything is written. What was cut short is done by reading it
 * again: reading a file twice adds nothing.
 */
export async function importStore(
  store: Store,
  file: string,
  { onProgress = () => {}, log }: ImportOptions,
): Promise<number> {
  const head = await checkExport(file, store.partitions)
  const importing = new Importing(store, { isMerging: (head.partitions ?? 1) > store.partitions })
  let done = 0
  for await (const some of inBatches(keysIn(file))) {
    const now = some.filter((key) => key.key !== VERSION_KEY && !isLate(key))
    await Promise.all(now.map((key) => importing.put(key)))
    for (const _ of some) onProgress(++done)
  }
  // What is unread is a mark on what is in an inbox, and jobs wait once their records are there.
  for await (const some of inBatches(keysIn(file))) {
    await Promise.all(some.filter(isLate).map((key) => importing.putLate(key)))
  }
  await setDataVersion(store, head.data_version ?? 1, await store.get(0, VERSION_KEY))
  await migrate(store, { migrations: MIGRATIONS, log })
  return done
}

/** What is written together: each write alone would wait for the disk. */
async function* inBatches(keys: AsyncIterable<StoredKey>): AsyncGenerator<readonly StoredKey[]> {
  let some: StoredKey[] = []
  for await (const key of keys) {
    some.push(key)
    if (some.length < AT_ONCE) continue
    yield some
    some = []
  }
  yield some
}

/** Jobs that wait, are scheduled or were in hand: they are put into their queue again. */
const WAITING =
  /^((?:t:[^:]+:)?[a-z][a-z0-9_-]*_queue):(critical|high|normal|low|scheduled|leases|takes)$/
const UNREAD = /^(?:t:[^:]+:)?user:.+:unread$/
/** Counters of which every partition has its own. */
const COUNTER = /^(?:t:[^:]+:)?stats:/

function isLate({ key }: StoredKey): boolean {
  return WAITING.test(key) || UNREAD.test(key)
}

class Importing {
  readonly #store: Store
  /** Whether the parts of a cluster become one. */
  readonly #isMerging: boolean
  readonly #counted = new Set<string>()

  constructor(store: Store, { isMerging }: { readonly isMerging: boolean }) {
    this.#store = store
    this.#isMerging = isMerging
  }

  async put(key: StoredKey): Promise<void> {
    if (isTransient(key.key) || key.kind === 'hash') return
    const partition = this.#partitionOf(key)
    const ops = this.#opsFor(key)
    for (let from = 0; from < ops.length; from += CHUNK) {
      await this.#store.commit({ partition, ops: ops.slice(from, from + CHUNK) })
    }
    if (key.kind === 'string' || key.ttlMs === null) return
    await this.#store.commit({ partition, ops: [['expire', key.key, key.ttlMs]] })
  }

  async putLate(key: StoredKey): Promise<void> {
    const [, queue, part] = WAITING.exec(key.key) ?? []
    if (queue === undefined) return this.put(key)
    const partition = this.#partitionOf(key)
    const jobs: (readonly [id: string, availableAt: number])[] = []
    if (key.kind === 'list') jobs.push(...key.value.toReversed().map((id) => [id, 0] as const))
    if (key.kind === 'zset') {
      jobs.push(...key.value.map(([id, at]) => [id, part === 'scheduled' ? at : 0] as const))
    }
    for (const [id, availableAt] of jobs) {
      await this.#enqueue(partition, queue, { id, availableAt })
    }
  }

  #partitionOf({ partition }: StoredKey): number {
    return this.#isMerging ? 0 : partition
  }

  async #enqueue(
    partition: number,
    queue: string,
    { id, availableAt }: { readonly id: string; readonly availableAt: number },
  ): Promise<void> {
    const job = await this.#store.get(partition, queueKeys.job(queue, id))
    if (job === null) return
    const { priority } = JSON.parse(job) as { readonly priority: Priority }
    const ttlMs = WEEK_MS + Math.max(0, availableAt - Date.now())
    await this.#store.commit({
      partition,
      guards: [['once', `imported:${queue}:${id}`, '1', IMPORTED_MS]],
      ops: [['enqueue', queue, id, job, priority, availableAt, ttlMs]],
    })
  }

  #opsFor(key: StoredKey): Op[] {
    switch (key.kind) {
      case 'string':
        return [this.#stringOp(key.key, key.value, key.ttlMs ?? 0)]
      case 'list':
        return this.#listOps(key.key, key.value)
      case 'set':
        return key.value.map((member): Op => ['sadd', key.key, member])
      case 'zset':
        // JSON has no infinity: what never ends is written as null.
        return key.value.map(
          ([member, score]): Op => ['zadd', key.key, score ?? Number.POSITIVE_INFINITY, member],
        )
      default:
        return []
    }
  }

  /** Of a counter the parts are added up. */
  #stringOp(key: string, value: string, ttlMs: number): Op {
    const isFurther = this.#isMerging && COUNTER.test(key) && this.#counted.has(key)
    if (this.#isMerging && COUNTER.test(key)) this.#counted.add(key)
    return isFurther ? ['incr', key, Number(value), ttlMs] : ['set', key, value, ttlMs]
  }

  /** A list takes the place of what was there; where parts become one, each item does. */
  #listOps(key: string, value: readonly string[]): Op[] {
    const pushes = value.toReversed().map((item): Op => ['push', key, item, 0])
    if (!this.#isMerging) return [['del', key], ...pushes]
    return pushes.flatMap((push): Op[] => [['pull', key, String(push[2])], push])
  }
}
