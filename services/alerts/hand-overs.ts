import {
  type Clock,
  isoTime,
  type Keys,
  partitionOf,
  type Store,
  uuidFrom,
} from '../../src/index.ts'
import type { EventLog } from '../events/event-log.ts'
import { ON_CALL_CHANGED } from '../events/own-events.ts'
import { ownWork } from '../notifications/acceptance.ts'
import type { Documents } from './documents.ts'
import { onCallAt, type Schedule } from './schedule.ts'

/** A schedule without a change for so long has ended. */
const KEPT_MS = 400 * 86_400_000
const MINUTE_MS = 60_000

/** Who was on call by a schedule when somebody looked last, and since when. */
interface Known {
  readonly users: readonly string[]
  readonly since: string
}

interface Parts {
  readonly store: Store
  readonly keys: Keys
  readonly clock: Clock
  readonly schedules: Documents<Schedule>
  readonly events: Pick<EventLog, 'record'>
}

/**
 * Looks whether somebody has handed over: by a rotation, by the hour, by an override or
 * because a schedule was changed. Several processes may look; of what they find there is
 * one event, named after what was known before.
 */
export class HandOvers {
  readonly #parts: Parts
  /** By schedule: who was on call when this process looked last. */
  readonly #seen = new Map<string, string>()
  #minute = 0

  constructor(parts: Parts) {
    this.#parts = parts
  }

  /** One look a minute, however often it is called. */
  async round(): Promise<void> {
    const { clock, schedules } = this.#parts
    const now = clock.now()
    const minute = Math.floor(now / MINUTE_MS)
    if (minute === this.#minute) return
    for (const schedule of await schedules.list()) {
      const users = onCallAt(schedule, now)
      if (this.#seen.get(schedule.id) === users.join()) continue
      await this.#note(schedule, users, now)
      this.#seen.set(schedule.id, users.join())
    }
    this.#minute = minute
  }

  async #note(schedule: Schedule, users: readonly string[], now: number): Promise<void> {
    const { store, keys } = this.#parts
    const key = keys.lastOnCall(schedule.id)
    const partition = partitionOf(schedule.id, store.partitions)
    const text = await store.get(partition, key)
    const before = text === null ? null : (JSON.parse(text) as Known)
    if (before?.users.join() === users.join()) return
    if (before !== null) await this.#tell(schedule, before, users, now)
    const after = JSON.stringify({ users, since: isoTime(now) } satisfies Known)
    await store.commit({
      partition,
      guards: [['expect', key, text]],
      ops: [['set', key, after, KEPT_MS]],
    })
  }

  async #tell(
    { id, name }: Schedule,
    before: Known,
    users: readonly string[],
    now: number,
  ): Promise<void> {
    const payload = {
      ...{ schedule_id: id, schedule: name, users, before: before.users, at: isoTime(now) },
      joined: users.filter((user) => !before.users.includes(user)),
      left: before.users.filter((user) => !users.includes(user)),
    }
    const event = uuidFrom(ON_CALL_CHANGED, id, before.since, before.users.join())
    const identity = { ...ownWork, id: event }
    await this.#parts.events.record(ON_CALL_CHANGED, payload, { identity, sourceUser: null })
  }
}
