import { type Clock, NotFound } from '../../src/index.ts'
import type { Mutes } from '../noise/mutes.ts'
import { type AlertReport, makeAlert } from './alert-record.ts'
import type { AlertService } from './alert-service.ts'
import type { AlertStore } from './alert-store.ts'
import type { Responders } from './responders.ts'
import { isWorse } from './severity.ts'

interface Parts {
  readonly clock: Clock
  readonly alerts: AlertStore
  readonly raising: Pick<AlertService, 'openAlertOf'>
  readonly responders: Responders
  readonly mutes: Mutes
}

/** Says what would become of a report, without its becoming it. */
export class AlertRehearsal {
  readonly #parts: Parts

  constructor(parts: Parts) {
    this.#parts = parts
  }

  /** In words: whether it is a new alert, who would be told, and what would keep it quiet. */
  async of(report: AlertReport): Promise<string[]> {
    const { clock, alerts, raising, responders, mutes } = this.#parts
    const id = await raising.openAlertOf(report).catch((error) => {
      if (error instanceof NotFound) return null
      throw error
    })
    const open = id === null ? null : await alerts.readIfAny(id)
    if (open !== null && !isWorse(report.severity, open.severity)) {
      return [`counted on alert ${open.id}, which is ${open.status}: tells nobody`]
    }
    const policy = await responders.choose(report)
    const alert = makeAlert('', report, { policy: policy.id, now: clock.now(), limited: false })
    const people = await responders.of(policy.steps[0], alert)
    const quiet = await mutes.of(alert)
    return [
      open === null
        ? `a new ${report.severity} alert`
        : `alert ${open.id}, which was ${open.severity}, becomes ${report.severity}`,
      `policy “${policy.name}” tells ${people.join(', ') || 'nobody in its first step'}`,
      ...quiet.map(({ why }) => `but not now: ${why}`),
    ]
  }
}
