import type { Breakers } from '../../services/channels/breakers.ts'
import type { Store } from '../store/store.ts'
import type { Metrics } from '../support/metrics.ts'
import type { Services } from './services.ts'

/** Fills the gauges that are looked up only when somebody reads the metrics. */
export function fillGauges(metrics: Metrics, services: Services, store: Store): void {
  metrics.onScrape(async () => {
    for (const {
      name,
      ready,
      scheduled,
      in_flight,
      failed,
      ...rest
    } of await services.queues.list()) {
      for (const [priority, count] of Object.entries(ready)) {
        metrics.queueReady.set({ queue: name, priority }, count)
      }
      metrics.queueScheduled.set({ queue: name }, scheduled)
      metrics.queueLeased.set({ queue: name }, in_flight)
      metrics.queueFailed.set({ queue: name }, failed)
      metrics.queueOldestReadyAge.set({ queue: name }, rest.oldest_age_seconds ?? 0)
    }
  })
  metrics.onScrape(async () => {
    metrics.deadLetters.set({}, await services.deadLetters.count())
  })
  metrics.onScrape(async () => {
    const open = { critical: 0, warning: 0, info: 0 }
    for await (const { severity } of services.alertStore.open()) open[severity] += 1
    for (const [severity, count] of Object.entries(open))
      metrics.alertsOpen.set({ severity }, count)
  })
  metrics.onScrape(async () => {
    metrics.storeSeconds.observe({}, (await store.ping()) / 1000)
  })
}

const BREAKER_STATES = { closed: 0, half_open: 1, open: 2 } as const

/** Shows the breakers of this process's providers. */
export function fillBreakerGauge(metrics: Metrics, breakers: Breakers): void {
  metrics.onScrape(() => {
    for (const { channel, provider, state } of breakers.list()) {
      metrics.breakerState.set({ channel, provider }, BREAKER_STATES[state])
    }
  })
}
