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
    const open = await services.alertStore.list('open', 1000)
    for (const severity of ['critical', 'warning', 'info'] as const) {
      const count = open.filter((alert) => alert.severity === severity).length
      metrics.alertsOpen.set({ severity }, count)
    }
  })
  metrics.onScrape(async () => {
    metrics.storeSeconds.observe({}, (await store.ping()) / 1000)
  })
}
