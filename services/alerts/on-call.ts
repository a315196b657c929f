import { type Clock, isoTime } from '../../src/index.ts'
import type { Memberships, OnCallSet } from '../directory/memberships.ts'
import type { Documents } from './documents.ts'
import { onCallAt, type Schedule } from './schedule.ts'

interface Parts {
  readonly clock: Clock
  readonly memberships: Memberships
  readonly schedules: Documents<Schedule>
}

/** Who is on call at a moment, by which schedule, and who was put on call for a type of alert. */
export interface OnCallView {
  readonly at: string
  readonly users: readonly string[]
  readonly schedules: readonly {
    readonly id: string
    readonly name: string
    readonly users: readonly string[]
  }[]
  readonly sets: readonly OnCallSet[]
}

/** Who is on call: the sets that scripts fill, and what schedules say, together. */
export class OnCall {
  readonly #parts: Parts

  constructor(parts: Parts) {
    this.#parts = parts
  }

  /** Who answers for a type of alert now. */
  async forType(type: string): Promise<string[]> {
    const { clock, memberships, schedules } = this.#parts
    const [inSet, all] = await Promise.all([memberships.onCall(type), schedules.list()])
    const now = clock.now()
    const scheduled = all
      .filter((one) => answersFor(one, type))
      .flatMap((one) => onCallAt(one, now))
    return [...new Set([...inSet, ...scheduled])].sort()
  }

  /** Who a schedule has on call now; nobody when it was deleted. */
  async inSchedule(id: string): Promise<string[]> {
    const { clock, schedules } = this.#parts
    const found = (await schedules.list()).find((schedule) => schedule.id === id)
    return found ? onCallAt(found, clock.now()) : []
  }

  /** At a moment (epoch ms), by schedules and sets: all of them, or those that answer for a type of alert. */
  async view({ at, type }: { at: number; type: string | null }): Promise<OnCallView> {
    const { memberships, schedules } = this.#parts
    const all = await schedules.list()
    const shown = (type === null ? all : all.filter((one) => answersFor(one, type))).map((one) => ({
      id: one.id,
      name: one.name,
      users: onCallAt(one, at),
    }))
    const sets = type === null ? await memberships.onCallSets() : await this.#setOf(type)
    const users = [...new Set([...sets, ...shown].flatMap((one) => one.users))].sort()
    return { at: isoTime(at), users, schedules: shown, sets }
  }

  async #setOf(type: string): Promise<OnCallSet[]> {
    const users = (await this.#parts.memberships.onCall(type)).sort()
    return users.length === 0 ? [] : [{ type, users }]
  }
}

function answersFor({ alert_types: types }: Schedule, type: string): boolean {
  return types !== null && (types.length === 0 || types.includes(type))
}
