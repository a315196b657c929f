import { InvalidPayload } from '../../src/index.ts'
import type { Mute, Mutes } from '../noise/mutes.ts'
import type { AlertRecord, AlertStatus, StoredAlert } from './alert-record.ts'
import type { AlertStore } from './alert-store.ts'

/** An alert as people see it, with what keeps it quiet at this moment. */
export interface ShownAlert extends AlertRecord {
  /** Ids of the silences in force for it. */
  readonly silenced_by: readonly string[]
  /** Ids of the open alerts that keep it quiet. */
  readonly inhibited_by: readonly string[]
  /** Whether its policy tells nobody at this time. */
  readonly outside_times: boolean
}

/** Which alerts, and how many of them. */
export interface AlertPage {
  readonly status: AlertStatus | 'open' | 'all'
  /** `null`: of all types. */
  readonly type: string | null
  readonly limit: number
  readonly cursor: string | null
}

export interface ShownPage {
  readonly data: readonly ShownAlert[]
  readonly next_cursor: string | null
}

/** Alerts as they are shown. */
export class AlertBoard {
  readonly #alerts: AlertStore
  readonly #mutes: Mutes

  constructor(parts: { alerts: AlertStore; mutes: Mutes }) {
    this.#alerts = parts.alerts
    this.#mutes = parts.mutes
  }

  async find(id: string): Promise<ShownAlert> {
    return this.#shown(await this.#alerts.find(id))
  }

  /** A page: of what is open oldest first, else newest first. Throws for a cursor that is none. */
  async list({ status, type, limit, cursor }: AlertPage): Promise<ShownPage> {
    const isOpen = status !== 'all' && status !== 'resolved'
    const after = cursor === null ? null : placeOf(cursor)
    const fits = (alert: StoredAlert) =>
      (status === 'open' || status === 'all' || alert.status === status) &&
      (type === null || alert.type === type) &&
      (after === null || order(alert, after) * (isOpen ? 1 : -1) > 0)
    const found = isOpen
      ? await this.#openOnes(fits, { limit, since: after?.timestamp ?? 0 })
      : (await this.#alerts.recent()).filter(fits)
    const sorted = found.sort((a, b) => order(a, b) * (isOpen ? 1 : -1))
    const alerts = await this.#alerts.complete(sorted.slice(0, limit))
    const data = await Promise.all(alerts.map((alert) => this.#shown(alert)))
    const last = alerts.at(-1)
    const next_cursor = sorted.length > limit && last ? `${last.timestamp}:${last.id}` : null
    return { data, next_cursor }
  }

  /** One more of each partition than a page holds is enough to know whether there are more. */
  async #openOnes(
    fits: (alert: StoredAlert) => boolean,
    { limit, since }: { limit: number; since: number },
  ): Promise<StoredAlert[]> {
    const parts = this.#alerts.partitions.map(async (partition) => {
      const found: StoredAlert[] = []
      for await (const alert of this.#alerts.openIn(partition, since)) {
        if (fits(alert)) found.push(alert)
        if (found.length > limit) break
      }
      return found
    })
    return (await Promise.all(parts)).flat()
  }

  async #shown(alert: AlertRecord): Promise<ShownAlert> {
    const mutes = alert.status === 'resolved' ? [] : await this.#mutes.of(alert)
    const ids = (kind: Mute['kind']) =>
      mutes.flatMap((mute) => (mute.kind === kind ? [mute.id] : []))
    return {
      ...alert,
      silenced_by: ids('silence'),
      inhibited_by: ids('inhibition'),
      outside_times: ids('times').length > 0,
    }
  }
}

interface Place {
  readonly timestamp: number
  readonly id: string
}

function order(a: Place, b: Place): number {
  return a.timestamp - b.timestamp || (a.id < b.id ? -1 : Number(a.id !== b.id))
}

function placeOf(cursor: string): Place {
  const [, timestamp, id] = /^(\d+(?:\.\d+)?):(.+)$/.exec(cursor) ?? []
  if (id === undefined) throw new InvalidPayload('The cursor is not one that this list gave out.')
  return { timestamp: Number(timestamp), id }
}
