import type { Config } from '../config.ts'
import type { HealthCheck } from '../http/health-checks.ts'
import type { Store } from '../store/store.ts'
import type { RunningBroker } from './start-broker.ts'

/** What this process's roles need: the store always, the broker where messages are routed. */
export function createChecks(parts: {
  readonly config: Config
  readonly store: Store
  readonly broker: () => RunningBroker | null
}): HealthCheck[] {
  const { config, store, broker } = parts
  const checks: HealthCheck[] = [
    {
      name: 'store',
      async check() {
        return { ok: true, latencyMs: await store.ping() }
      },
    },
  ]
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
