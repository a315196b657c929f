import { describe, expect, it } from 'vitest'
import { Metrics } from '../../../src/support/metrics.ts'

describe('Metrics', () => {
  it('names everything belfry_, and nothing after a person', async () => {
    const metrics = new Metrics({ process: true })
    const described = await metrics.registry.getMetricsAsJSON()
    expect(described.map(({ name }) => name).filter((name) => !name.startsWith('belfry_'))).toEqual(
      [],
    )
    for (const name of [
      ...['messages_received_total', 'messages_refused_total', 'deliveries_total'],
      ...['delivery_latency_seconds', 'queue_ready_jobs', 'queue_oldest_ready_age_seconds'],
      ...['sessions', 'alerts_open', 'dispatch_seconds', 'alert_ack_seconds', 'escalations_total'],
    ]) {
      expect(described.map((each) => each.name)).toContain(`belfry_${name}`)
    }
    metrics.registry.clear()
  })

  it('fills gauges when somebody looks, also when one source is away', async () => {
    const metrics = new Metrics()
    metrics.onScrape(() => Promise.reject(new Error('the store is away')))
    metrics.onScrape(() => metrics.queueReady.set({ queue: 'email', priority: 'high' }, 7))
    expect(await metrics.render()).toContain(
      'belfry_queue_ready_jobs{queue="email",priority="high"} 7',
    )
  })

  it('belongs to one service: two of them count apart', async () => {
    const [one, other] = [new Metrics(), new Metrics()]
    one.received.inc({ door: 'mqtt' })
    expect(await one.render()).toContain('belfry_messages_received_total{door="mqtt"} 1')
    expect(await other.render()).not.toContain('door="mqtt"')
  })
})
