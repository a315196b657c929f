import { createHash } from 'node:crypto'
import { createReadStream, existsSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { MIGRATIONS } from '../../services/operations/migrations.ts'
import { versionAfter } from '../store/migrate.ts'
import type { StoredKey } from '../store/store.ts'
import { InvalidPayload, NotFound } from '../support/errors.ts'

export const FORMAT = 'belfry-store'
export const VERSION = 1

/** The first line of an export. */
export interface Head {
  readonly format: string
  readonly version: number
  /** Of how things are kept; absent in exports of the first release. */
  readonly data_version?: number | null
  readonly partitions?: number
}

/** The last one: how many keys there were, and the hash of their lines. */
export interface End {
  readonly end: number
  readonly sha256?: string
}

type Line = StoredKey | Head | End

/** The keys of an export, a line at a time. */
export async function* keysIn(file: string): AsyncGenerator<StoredKey> {
  for await (const line of linesOf(file)) {
    const record = JSON.parse(line) as Line
    // Exports of the first release named no partition.
    if ('key' in record) yield { ...record, partition: record.partition ?? 0 }
  }
}

/** Throws unless the file is whole, as it was written, and of a release that is known here. */
export async function checkExport(file: string): Promise<Head> {
  const hash = createHash('sha256')
  let head: Head | null = null
  let done = 0
  for await (const line of linesOf(file)) {
    const record = parsed(line)
    if (record !== null && 'format' in record) head = readable(record)
    else if (record !== null && 'end' in record) {
      const { end, sha256 = null } = record
      if (head === null || end !== done) break
      if (sha256 === null || sha256 === hash.digest('hex')) return head
      throw new InvalidPayload(`${file} was changed after it was written: its hash is another.`)
    } else {
      hash.update(line)
      done += 1
    }
  }
  if (head === null) throw new InvalidPayload(`${file} is no export of a store.`)
  throw new InvalidPayload(`${file} is cut: it ends after ${done} keys. Export it again.`)
}

async function* linesOf(file: string): AsyncGenerator<string> {
  if (!existsSync(file)) throw new NotFound(`There is no file ${file}.`)
  yield* createInterface({ input: createReadStream(file), crlfDelay: Number.POSITIVE_INFINITY })
}

function parsed(line: string): Line | null {
  try {
    return JSON.parse(line) as Line
  } catch {
    return null
  }
}

function readable(head: Head): Head {
  const { format, version, data_version } = head
  if (format !== FORMAT || version !== VERSION) {
    throw new InvalidPayload(`This is ${format} ${version}; ${FORMAT} ${VERSION} can be read.`)
  }
  const known = versionAfter(MIGRATIONS)
  if ((data_version ?? 1) > known) {
    throw new InvalidPayload(
      `This export is of a newer release: its data are version ${data_version}, this one reads up to ${known}.`,
    )
  }
  return head
}
