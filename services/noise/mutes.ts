import { type Clock, isoTime } from '../../src/index.ts'
import { originOf, type StoredAlert } from '../alerts/alert-record.ts'
import type { AlertStore } from '../alerts/alert-store.ts'
import type { Documents } from '../alerts/documents.ts'
import type { Responders } from '../alerts/responders.ts'
import { type InhibitionRule, inhibitedNames, inhibits } from './inhibition.ts'
import type { Silences } from './silences.ts'
import { LIMIT_AGAIN_MS, UNANSWERED_LIMIT } from './storm.ts'
import { mutedUntil } from './time-interval.ts'

/** A reason for which nobody is told of an alert for now. */
export interface Mute {
  readonly kind: 'silence' | 'inhibition' | 'limit' | 'times'
  /** Of the silence, the alert or the policy that is the reason. */
  readonly id: string
  /** When to look again (epoch ms). */
  readonly until: number
  /** Whether people are told at its end who knew nothing of the alert yet. */
  readonly tellsAtEnd: boolean
  /** For the alert's log. */
  readonly why: string
}

/**
 * The end of an inhibition wakes what it held; this is only in case. The times of
 * a policy may be changed meanwhile.
 */
const AGAIN_MS = 10 * 60_000

interface Parts {
  readonly clock: Clock
  readonly silences: Silences
  readonly alerts: AlertStore
  readonly rules: Documents<InhibitionRule>
  readonly responders: Responders
}

/** Everything that keeps an alert quiet at this moment. */
export class Mutes {
  readonly #parts: Parts

  constructor(parts: Parts) {
    this.#parts = parts
  }

  async of(alert: StoredAlert): Promise<readonly Mute[]> {
    const found = await Promise.all([
      this.#silences(alert),
      this.#inhibitions(alert),
      this.#limit(alert),
      this.#times(alert),
    ])
    return found.flat()
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

  /** One open alert per rule is reason enough. */
  async #inhibitions(alert: StoredAlert): Promise<Mute[]> {
    const rules = inhibitedNames(await this.#parts.rules.list(), alert)
    const sources = await Promise.all(
      rules.map(({ rule, name }) => this.#source(alert, rule, name)),
    )
    const until = this.#parts.clock.now() + AGAIN_MS
    return sources.flatMap((source, n) => {
      if (source === null) return []
      const why = `inhibited by ${source.type} (${source.id}), rule ${rules[n]?.rule.name}`
      return [{ kind: 'inhibition' as const, id: source.id, until, tellsAtEnd: true, why }]
    })
  }

  async #source(
    alert: StoredAlert,
    rule: InhibitionRule,
    name: string,
  ): Promise<StoredAlert | null> {
    const { alerts } = this.#parts
    for (const id of await alerts.index.inhibiting(name)) {
      const source = await alerts.readIfAny(id)
      if (source !== null && inhibits(rule, source, alert)) return source
    }
    return null
  }

  /** What came above the limit of its source waits until enough of the others were answered. */
  async #limit(alert: StoredAlert): Promise<Mute[]> {
    if (!alert.limited) return []
    const count = await this.#parts.alerts.index.unanswered(alert)
    if (count <= UNANSWERED_LIMIT) return []
    const why = `${count} ${alert.severity} alerts of ${originOf(alert)} wait for an answer`
    const until = this.#parts.clock.now() + LIMIT_AGAIN_MS
    return [{ kind: 'limit', id: originOf(alert), until, tellsAtEnd: true, why }]
  }

  /** Outside of the times of its policy. */
  async #times(alert: StoredAlert): Promise<Mute[]> {
    const policy = await this.#parts.responders.policyOf(alert)
    const now = this.#parts.clock.now()
    const end = mutedUntil(policy, now)
    if (end === null) return []
    const until = Math.min(end, now + AGAIN_MS)
    const why = `policy ${policy.name} tells nobody at this time`
    return [{ kind: 'times', id: policy.id, until, tellsAtEnd: true, why }]
  }
}
