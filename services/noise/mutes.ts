import { type Clock, isoTime } from '../../src/index.ts'
import { originOf, type StoredAlert } from '../alerts/alert-record.ts'
import type { AlertStore } from '../alerts/alert-store.ts'
import type { Silences } from './silences.ts'
import { LIMIT_AGAIN_MS, UNANSWERED_LIMIT } from './storm.ts'

/** A reason for which nobody is told of an alert for now. */
export interface Mute {
  readonly kind: 'silence' | 'limit'
  /** Of the silence or the alert that is the reason. */
  readonly id: string
  /** When to look again (epoch ms). */
  readonly until: number
  /** Whether people are told at its end who knew nothing of the alert yet. */
  readonly tellsAtEnd: boolean
  /** For the alert's log. */
  readonly why: string
}

interface Parts {
  readonly clock: Clock
  readonly silences: Silences
  readonly alerts: Pick<AlertStore, 'unanswered'>
}

/** Everything that keeps an alert quiet at this moment. */
export class Mutes {
  readonly #parts: Parts

  constructor(parts: Parts) {
    this.#parts = parts
  }

  async of(alert: StoredAlert): Promise<readonly Mute[]> {
    const [silences, limit] = await Promise.all([this.#silences(alert), this.#limit(alert)])
    return [...silences, ...limit]
  }

  async #silences(alert: StoredAlert): Promise<Mute[]> {
    const silences = await this.#parts.silences.inForce(alert)
    return silences.map(({ silence, until }) => ({
      kind: 'silence',
      id: silence.id,
      until,
      tellsAtEnd: silence.notify_on_end,
      why: `${silence.maintenance ? 'maintenance' : 'silence'} ${silence.id} until ${isoTime(until)}: ${silence.comment}`,
    }))
  }

  /** What came above the limit of its source waits until enough of the others were answered. */
  async #limit(alert: StoredAlert): Promise<Mute[]> {
    if (!alert.limited) return []
    const count = await this.#parts.alerts.unanswered(alert)
    if (count <= UNANSWERED_LIMIT) return []
    const why = `${count} alerts of ${originOf(alert)} wait for an answer`
    const until = this.#parts.clock.now() + LIMIT_AGAIN_MS
    return [{ kind: 'limit', id: originOf(alert), until, tellsAtEnd: true, why }]
  }
}
