import type { Mute, Mutes } from '../noise/mutes.ts'
import type { AlertRecord } from './alert-record.ts'
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

  /** Open alerts, oldest first, or the newest of all states. */
  async list(state: 'open' | 'all', limit: number): Promise<ShownAlert[]> {
    const alerts = await this.#alerts.list(state, limit)
    return Promise.all(alerts.map((alert) => this.#shown(alert)))
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
