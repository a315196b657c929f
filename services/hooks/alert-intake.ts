import { asBelfryError, type ErrorBody, NotFound, uuidFrom } from '../../src/index.ts'
import type { AlertActions } from '../alerts/alert-actions.ts'
import type { AlertService } from '../alerts/alert-service.ts'
import type { Identity } from '../notifications/acceptance.ts'
import type { ReportedAlert } from './reported-alert.ts'

/** What became of the alerts of one call. */
export interface Taken {
  readonly status: 'received'
  /** New ones. */
  readonly raised: readonly string[]
  /** Those that were open already, and count. */
  readonly seen_again: readonly string[]
  readonly acknowledged: readonly string[]
  readonly resolved: readonly string[]
  /** How many were over before we heard of them. */
  readonly ignored: number
  readonly rejected: readonly { readonly type: string; readonly error: ErrorBody }[]
}

type Fate =
  | { readonly to: 'raised' | 'seen_again' | 'acknowledged' | 'resolved'; readonly id: string }
  | { readonly to: 'ignored' }
  | { readonly to: 'rejected'; readonly type: string; readonly error: ErrorBody }

interface Parts {
  readonly alerts: AlertService
  readonly alertActions: AlertActions
}

/** Takes in what monitoring tools report; a repeated call changes nothing but a count. */
export class AlertIntake {
  readonly #parts: Parts

  constructor(parts: Parts) {
    this.#parts = parts
  }

  /** Rejects only when the store is away: then the tool tries again. `who` names the tool in the log. */
  async take(
    reported: readonly ReportedAlert[],
    { identity, who }: { readonly identity: Identity; readonly who: string },
  ): Promise<Taken> {
    const fates = await Promise.all(
      reported.map((alert, index) => this.#attempt(alert, who, within(identity, index))),
    )
    const idsOf = (to: Fate['to']) =>
      fates.flatMap((fate) => (fate.to === to && 'id' in fate ? [fate.id] : []))
    return {
      status: 'received',
      raised: idsOf('raised'),
      seen_again: idsOf('seen_again'),
      acknowledged: idsOf('acknowledged'),
      resolved: idsOf('resolved'),
      ignored: fates.filter(({ to }) => to === 'ignored').length,
      rejected: fates.flatMap((fate) =>
        fate.to === 'rejected' ? [{ type: fate.type, error: fate.error }] : [],
      ),
    }
  }

  async #attempt(alert: ReportedAlert, who: string, identity: Identity): Promise<Fate> {
    try {
      return await this.#act(alert, who, identity)
    } catch (error) {
      if (error instanceof NotFound) return { to: 'ignored' }
      const known = asBelfryError(error)
      if (known.code === 'already_resolved') return { to: 'ignored' }
      if (known.retryable || known.code === 'internal') throw error
      return { to: 'rejected', type: alert.report.type, error: known.toBody() }
    }
  }

  async #act({ state, report }: ReportedAlert, who: string, identity: Identity): Promise<Fate> {
    const { alerts, alertActions } = this.#parts
    if (state === 'firing') {
      const { alert_id: id, is_new: isNew } = await alerts.raise(report, identity)
      return { to: isNew ? 'raised' : 'seen_again', id }
    }
    const id = await alerts.openAlertOf(report)
    const doing = { who, note: null }
    if (state === 'acknowledged') await alertActions.acknowledge(id, doing)
    else await alertActions.resolve(id, doing)
    return { to: state, id }
  }
}

/** Each alert of a call is a message of its own. */
function within(identity: Identity, index: number): Identity {
  const id = identity.id === null ? null : uuidFrom(identity.id, String(index))
  return { ...identity, id, target: `${identity.target} ${index}` }
}
