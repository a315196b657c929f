import { Unavailable } from '../../src/index.ts'
import type { Memberships } from '../directory/memberships.ts'
import type { AlertReport, StoredAlert } from './alert-record.ts'
import type { AlertRoutes } from './alert-routes.ts'
import type { Documents } from './documents.ts'
import {
  choosePolicy,
  defaultPolicy,
  type EscalationPolicy,
  type EscalationStep,
  type StepTarget,
} from './escalation-policy.ts'
import type { OnCall } from './on-call.ts'

interface Parts {
  readonly memberships: Memberships
  readonly onCall: OnCall
  readonly policies: Documents<EscalationPolicy>
  readonly routes: AlertRoutes
}

type Concern = Pick<StoredAlert, 'type' | 'severity'>

/** Whom a step means. */
export interface Reachable {
  readonly users: readonly string[]
  /** Why others are not known at this moment; `null`: these are all. */
  readonly away: Unavailable | null
}

/** Says by which policy an alert is escalated, and who each step means at this moment. */
export class Responders {
  readonly #parts: Parts

  constructor(parts: Parts) {
    this.#parts = parts
  }

  /** The policy for a new alert: that of its route, else the one that says most about it. */
  async choose({ affectedSystems, ...report }: AlertReport): Promise<EscalationPolicy> {
    const { policies, routes } = this.#parts
    const [all, routed] = await Promise.all([
      policies.list(),
      routes.policyFor({ ...report, affected_systems: affectedSystems }),
    ])
    if (routed === 'default') return defaultPolicy(report.severity)
    return all.find(({ id }) => id === routed) ?? choosePolicy(all, report)
  }

  /** The policy of an alert, as it is by now; the default one when it was deleted. */
  async policyOf(alert: StoredAlert): Promise<EscalationPolicy> {
    if (alert.policy === null || alert.policy === 'default') return defaultPolicy(alert.severity)
    const policies = await this.#parts.policies.list()
    return policies.find(({ id }) => id === alert.policy) ?? defaultPolicy(alert.severity)
  }

  /** Everybody a step means, once each, sorted. */
  async of(step: EscalationStep | undefined, alert: Concern): Promise<readonly string[]> {
    const { users, away } = await this.reachable(step, alert)
    if (away !== null) throw away
    return users
  }

  /** As many of them as are known, where a part of the store that says who they are is away. */
  async reachable(step: EscalationStep | undefined, alert: Concern): Promise<Reachable> {
    const asked = (step?.targets ?? []).map((one) => this.#members(one, alert))
    const sets = await Promise.allSettled(asked)
    const failed = sets.flatMap((set) => (set.status === 'rejected' ? [set.reason] : []))
    const other = failed.find((reason) => !(reason instanceof Unavailable))
    if (other !== undefined) throw other
    const known = sets.flatMap((set) => (set.status === 'fulfilled' ? set.value : []))
    return { users: [...new Set(known)].sort(), away: failed[0] ?? null }
  }

  admins(): Promise<readonly string[]> {
    return this.#parts.memberships.roleMembers('admin')
  }

  async #members(target: StepTarget, { type }: Concern): Promise<readonly string[]> {
    const { memberships, onCall } = this.#parts
    switch (target.type) {
      case 'user':
        return [target.id]
      case 'group':
        return memberships.groupMembers(target.id)
      case 'role':
        return memberships.roleMembers(target.id)
      case 'schedule':
        return onCall.inSchedule(target.id)
      case 'oncall':
        return onCall.forType(target.id ?? type)
    }
  }
}
