import { createHash } from 'node:crypto'
import { once } from 'node:events'
import type { Writable } from 'node:stream'
import { MIGRATIONS } from '../../services/operations/migrations.ts'
import { dataVersion, migrate, setDataVersion, VERSION_KEY } from '../store/migrate.ts'
import type { Store, StoredKey } from '../store/store.ts'
import { isoTime } from '../support/clock.ts'
import type { Logger } from '../support/logger.ts'
import { checkExport, type End, FORMAT, type Head, keysIn, VERSION } from './export-file.ts'
import { Importing, isLate } from './importing.ts'
import { placementFor } from './placement.ts'

const AT_ONCE = 256

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
  const head = await checkExport(file)
  const placement = placementFor({ from: head.partitions ?? 1, to: store.partitions })
  for await (const key of placement.looksAhead ? keysIn(file) : []) placement.note(key)
  const importing = new Importing(store, placement)
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
  placement.close()
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
