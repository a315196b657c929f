import { type Clock, isoTime } from '../../src/index.ts'
import type { Memberships } from '../directory/memberships.ts'
import type { Documents } from './documents.ts'
import { onCallAt, type Schedule } from './schedule.ts'

interface Parts {
  readonly clock: Clock
  readonly memberships: Memberships
  readonly schedules: Documents<Schedule>
}

/** Who is on call at a moment, and by which schedule. */
export interface OnCallView {
  readonly at: string
  readonly users: readonly string[]
  readonly schedules: readonly {
    readonly id: string
    readonly name: string
    readonly users: readonly string[]
  }[]
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

  /** By schedule, at a moment (epoch ms); with a type of alert, who answers for it, its set included. */
  async view({ at, type }: { at: number; type: string | null }): Promise<OnCallView> {
    const { memberships, schedules } = this.#parts
    const all = await schedules.list()
    const shown = (type === null ? all : all.filter((one) => answersFor(one, type))).map((one) => ({
      id: one.id,
      name: one.name,
      users: onCallAt(one, at),
    }))
    const inSet = type === null ? [] : await memberships.onCall(type)
    const users = [...new Set([...inSet, ...shown.flatMap((one) => one.users)])].sort()
    return { at: isoTime(at), users, schedules: shown }
  }
}

function answersFor({ alert_types: types }: Schedule, type: string): boolean {
  return types !== null && (types.length === 0 || types.includes(type))
}
