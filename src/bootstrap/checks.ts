import type { Breakers } from '../../services/channels/breakers.ts'
import type { Config } from '../config.ts'
import type { HealthCheck } from '../http/health-checks.ts'
import type { Store } from '../store/store.ts'
import type { RunningBroker } from './start-broker.ts'

/** What this process's roles need: the store always, the broker where messages are routed. */
export function createChecks(parts: {
  readonly config: Config
  readonly store: Store
  readonly broker: () => RunningBroker | null
  readonly breakers: Breakers
}): HealthCheck[] {
  const { config, store, broker, breakers } = parts
  const checks: HealthCheck[] = [
    {
      name: 'store',
      async check() {
        return { ok: true, latencyMs: await store.ping() }
      },
    },
  ]
  if (config.roles.has('worker')) checks.push(...breakerChecks(config, breakers))
  if (!config.roles.has('router')) return checks
  checks.push({
    name: 'broker',
    async check() {
      const running = broker()
      const ok = running?.isConnected() ?? false
      return { ok, latencyMs: 0, detail: running?.description ?? 'not started' }
    },
  })
  return checks
}

/** Providers that are left alone; the process does its work meanwhile, so it stays ready. */
function breakerChecks({ providers }: Config, breakers: Breakers): HealthCheck[] {
  const { order } = providers
  const names = Object.entries(order).flatMap(([channel, list]) =>
    list.map((provider) => ({ channel, provider })),
  )
  return names.map(({ channel, provider }) => ({
    name: `${channel}.${provider}`,
    isAdvisory: true,
    async check() {
      const found = breakers
        .list()
        .find((each) => each.channel === channel && each.provider === provider)
      if (found === undefined) return { ok: true, latencyMs: 0, detail: 'not used' }
      const { state, failures, reason } = found
      const detail = reason === null ? `breaker ${state}` : `breaker ${state}: ${reason}`
      return {
        ok: state === 'closed',
        latencyMs: 0,
        detail: failures > 0 ? `${detail} (${failures} failures in a row)` : detail,
      }
    },
  }))
}
