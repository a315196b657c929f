import { InvalidPayload, type Store } from '../../src/index.ts'
import { type Labelled, type LabelMatcher, matcherOf } from '../noise/label-matcher.ts'
import type { Documents } from './documents.ts'
import type { EscalationPolicy } from './escalation-policy.ts'

/** Alerts that fit go by a policy, unless a route below it fits too and names another. */
export interface AlertRoute {
  /** All of them must fit; none: every alert does. */
  readonly matchers: readonly LabelMatcher[]
  /** `default`: the one that is always there; `null`: that of the route above. */
  readonly policy: string | null
  readonly routes: readonly AlertRoute[]
}

/** All routes of a tenant, as they are kept. */
export interface AlertRouting {
  readonly id: string
  readonly routes: readonly AlertRoute[]
}

interface Parts {
  readonly store: Store
  readonly routing: Documents<AlertRouting>
  readonly policies: Documents<EscalationPolicy>
}

const ID = 'alerts'
const compiled = new WeakMap<AlertRoute, (alert: Labelled) => boolean>()

/**
 * A tree that says by which policy an alert is escalated, whatever policies say of
 * types and severities: of each level the first route that fits is taken.
 */
export class AlertRoutes {
  readonly #parts: Parts

  constructor(parts: Parts) {
    this.#parts = parts
  }

  async read(): Promise<readonly AlertRoute[]> {
    const [routing] = await this.#parts.routing.list()
    return routing?.routes ?? []
  }

  /** In the place of all there were. `InvalidPayload` when one names a policy that is not there. */
  async save(routes: readonly AlertRoute[]): Promise<void> {
    const { store, routing, policies } = this.#parts
    const known = new Set(['default', ...(await policies.list()).map(({ id }) => id)])
    const unknown = policiesOf(routes).find((id) => !known.has(id))
    if (unknown !== undefined) {
      throw new InvalidPayload(
        `There is no escalation policy ${unknown}; there are ${[...known].join(', ')}.`,
      )
    }
    const ops = routing.writeOps({ id: ID, routes })
    await store.commit({ partition: routing.partition, ops })
  }

  /** The policy that the routes name for an alert; `null`: none. */
  async policyFor(alert: Labelled): Promise<string | null> {
    return named(await this.read(), alert, null)
  }
}

function named(
  routes: readonly AlertRoute[],
  alert: Labelled,
  inherited: string | null,
): string | null {
  const route = routes.find((one) => fits(one, alert))
  return route === undefined ? inherited : named(route.routes, alert, route.policy ?? inherited)
}

function fits(route: AlertRoute, alert: Labelled): boolean {
  const test = compiled.get(route) ?? matcherOf(route.matchers)
  compiled.set(route, test)
  return test(alert)
}

function policiesOf(routes: readonly AlertRoute[]): string[] {
  return routes.flatMap(({ policy, routes: below }) => [
    ...(policy === null ? [] : [policy]),
    ...policiesOf(below),
  ])
}
