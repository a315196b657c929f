import { isoTime } from '../../src/index.ts'
import type { StoredAlert } from '../alerts/alert-record.ts'
import type { Silences } from './silences.ts'

/** A reason for which nobody is told of an alert for now. */
export interface Mute {
  readonly kind: 'silence'
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
  readonly silences: Silences
}

/** Everything that keeps an alert quiet at this moment. */
export class Mutes {
  readonly #parts: Parts

  constructor(parts: Parts) {
    this.#parts = parts
  }

  async of(alert: StoredAlert): Promise<readonly Mute[]> {
    const silences = await this.#parts.silences.inForce(alert)
    return silences.map(({ silence, until }) => ({
      kind: 'silence',
      id: silence.id,
      until,
      tellsAtEnd: silence.notify_on_end,
      why: `${silence.maintenance ? 'maintenance' : 'silence'} ${silence.id} until ${isoTime(until)}: ${silence.comment}`,
    }))
  }
}
