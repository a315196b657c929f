import {
  type Bell,
  type Clock,
  Conflict,
  InvalidPayload,
  type Keys,
  NotFound,
  type Op,
  partitionOf,
  type Store,
  Unavailable,
} from '../../src/index.ts'
import { enqueueOp, makeJob } from '../deliveries/delivery-job.ts'
import type { Directory } from '../directory/directory.ts'
import type { Acceptance, Identity } from '../notifications/acceptance.ts'
import { mintId } from '../notifications/mint-id.ts'
import type { TemplateRenderer } from '../templates/template-renderer.ts'
import { nextOf } from './cron.ts'
import type { RecurrenceRecord } from './recurrence-record.ts'
import { clocksOf, lookAt, nextAnywhere } from './zoned-times.ts'

/** More are refused: each is work for ever. */
const MOST = 10_000
const ENDED_TTL_MS = 7 * 86_400_000
const MOST_RACES = 40
const LOOK_AGAIN_MS = 50

/** What somebody says of a recurrence. */
export type RecurrenceFields = Pick<
  RecurrenceRecord,
  'cron' | 'timezone' | 'inUserTimezone' | 'audience' | 'message' | 'count' | 'until' | 'misfire'
>

interface Parts {
  readonly store: Store
  readonly keys: Keys
  readonly clock: Clock
  readonly bell: Bell
  readonly acceptance: Acceptance
  readonly templates: TemplateRenderer
  readonly directory: Pick<Directory, 'timeZones'>
}

/** Messages that are sent again and again: making, looking at, changing, ending them. */
export class Recurrences {
  readonly #parts: Parts

  constructor(parts: Parts) {
    this.#parts = parts
  }

  /** Throws `InvalidPayload` for one that would never come true. */
  async create(given: RecurrenceFields, identity: Identity): Promise<RecurrenceRecord> {
    const { acceptance, keys, clock, store, templates } = this.#parts
    const now = clock.now()
    const fields = { ...given, message: await templates.accept(given.message) }
    const id = mintId(identity, { scope: keys.scope, partitions: store.partitions, now })
    if ((await this.#size()) >= MOST) {
      throw new InvalidPayload(`There are ${MOST} recurrences; end one first.`)
    }
    const record: RecurrenceRecord = {
      ...{ id, ...fields, status: 'active', sent: 0, skipped: 0, lastAt: null, createdAt: now },
      ...(await this.#firstOf(fields, now)),
    }
    const accepted = await acceptance.accept({
      partition: this.#at(id),
      identity,
      creates: keys.recurrence(id),
      ops: [...this.#saveOps(record), ['zadd', keys.recurrences(), now, id]],
      reply: record,
    })
    return accepted.status === 'conflict' ? record : accepted.reply
  }

  /** Throws `NotFound`. */
  async find(id: string): Promise<RecurrenceRecord> {
    return (await this.#read(id)).record
  }

  /** The newest first; what has ended is shown for a week. */
  async list(limit: number): Promise<RecurrenceRecord[]> {
    const { store, keys } = this.#parts
    const pages = await Promise.all(
      Array.from({ length: store.partitions }, async (_, partition) => {
        const ids = await store.rangeByScore(partition, keys.recurrences(), 0, Infinity, MOST)
        const names = ids.map(({ member }) => keys.recurrence(member))
        return names.length === 0 ? [] : store.getMany(partition, names)
      }),
    )
    const found = pages.flat().filter((text) => text !== null)
    const records = found.map((text) => JSON.parse(text) as RecurrenceRecord)
    return records.sort((a, b) => b.createdAt - a.createdAt).slice(0, limit)
  }

  /** What is not given stays. Throws `Conflict` once it has ended. */
  async change(id: string, changes: Partial<RecurrenceFields>): Promise<RecurrenceRecord> {
    const now = this.#parts.clock.now()
    return this.#replace(id, async (before) => {
      const fields = { ...before, ...changes }
      return { ...fields, ...(await this.#firstOf(fields, now)) }
    })
  }

  /** Ends it: nothing of it is sent after this has resolved. Ending it again does nothing. */
  async cancel(id: string): Promise<RecurrenceRecord> {
    const record = await this.find(id)
    if (record.status !== 'active') return record
    return this.#replace(id, async (before) => ({ ...before, status: 'canceled', nextAt: null }))
  }

  /** Only while nobody is sending it, so that a change is wholly before or wholly after. */
  async #replace(
    id: string,
    change: (before: RecurrenceRecord) => Promise<RecurrenceRecord>,
  ): Promise<RecurrenceRecord> {
    const { store, keys, clock } = this.#parts
    for (let attempt = 0; attempt < MOST_RACES; attempt++) {
      const { record, text } = await this.#read(id)
      if (record.status !== 'active') throw new Conflict(`It is ${record.status} already.`)
      const after = await change(record)
      const outcome = await store.commit({
        partition: this.#at(id),
        guards: [
          ['expect', keys.recurrence(id), text],
          ['withdraw', keys.queue('recurrence'), id],
        ],
        ops: this.#saveOps(after),
      })
      if (outcome.applied) return after
      await new Promise<void>((resolve) => clock.after(LOOK_AGAIN_MS, resolve))
    }
    throw new Unavailable('It is being sent just now; try again.')
  }

  /** Throws `InvalidPayload` where there is none. */
  async #firstOf(fields: RecurrenceFields & { readonly sent?: number }, now: number) {
    const clocks = clocksOf(await this.#parts.directory.timeZones.inUse(), fields)
    const nextAt = fields.inUserTimezone
      ? nextAnywhere(fields, clocks, now)
      : nextTime({ ...fields, sent: fields.sent ?? 0 }, now)
    if (nextAt !== null) return { nextAt, lookedAt: now }
    const issue = { path: 'cron', message: 'never comes true within count and until' }
    throw new InvalidPayload(`cron ${issue.message}`, [issue])
  }

  #saveOps(record: RecurrenceRecord): Op[] {
    return saveOps(this.#parts.keys, record, this.#parts.clock.now())
  }

  async #read(id: string): Promise<{ record: RecurrenceRecord; text: string }> {
    const { store, keys } = this.#parts
    const text = await store.get(this.#at(id), keys.recurrence(id))
    if (text === null) throw new NotFound(`There is no recurrence ${id}.`)
    return { record: JSON.parse(text) as RecurrenceRecord, text }
  }

  async #size(): Promise<number> {
    const { store, keys } = this.#parts
    const counts = await Promise.all(
      Array.from({ length: store.partitions }, (_, p) => store.count(p, keys.recurrences())),
    )
    return counts.reduce((sum, count) => sum + count, 0)
  }

  #at(id: string): number {
    return partitionOf(id, this.#parts.store.partitions)
  }
}

/** Stores a recurrence with the work of its next time; one that has ended is kept for a week. */
export function saveOps(keys: Keys, record: RecurrenceRecord, now: number): Op[] {
  const { id, nextAt, message } = record
  const text = JSON.stringify(record)
  if (nextAt === null) {
    return [
      ['set', keys.recurrence(id), text, ENDED_TTL_MS],
      ['zrem', keys.recurrences(), id],
    ]
  }
  const { priority } = message
  const content = { due_at: nextAt }
  const sendAt = record.inUserTimezone ? lookAt(record.cron, nextAt, now) : nextAt
  const job = makeJob({ id, channel: 'recurrence', priority, content, now, sendAt })
  return [['set', keys.recurrence(id), text, 0], enqueueOp(keys, job, now)]
}

/** The next time after `now`, within its bounds; `null`: there is none. */
export function nextTime(
  {
    cron,
    timezone,
    count,
    until,
    sent,
  }: Pick<RecurrenceRecord, 'cron' | 'timezone' | 'count' | 'until' | 'sent'>,
  now: number,
): number | null {
  if (count !== null && sent >= count) return null
  const next = nextOf(cron, timezone, now)
  return next !== null && until !== null && next > until ? null : next
}
