import { setImmediate } from 'node:timers/promises'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { type HealthCheck, HealthChecks } from '../../../src/http/health-checks.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { type HttpBench, startHttpBench } from '../../support/http-bench.ts'

let bench: HttpBench
afterEach(() => bench.stop())

const fine: HealthCheck = { name: 'store', check: async () => ({ ok: true, latencyMs: 2 }) }
const away: HealthCheck = {
  name: 'broker',
  check: async () => ({ ok: false, latencyMs: 1, detail: 'not connected' }),
}
const broken: HealthCheck = { name: 'workers', check: () => Promise.reject(new Error('oops')) }

describe('/livez, /readyz and /health', () => {
  it('say that everything is there', async () => {
    bench = await startHttpBench(undefined, { checks: [fine] })
    expect((await bench.fetch('/livez')).status).toBe(200)
    expect(await (await bench.fetch('/readyz')).json()).toEqual({ status: 'ready', failed: [] })
    const verbose = await bench.fetch('/readyz?verbose')
    const checks = [{ name: 'store', ok: true, latency_ms: 2 }]
    expect(await verbose.json()).toEqual({ status: 'ready', failed: [], checks })
    const health = await bench.fetch('/health')
    expect(await health.json()).toEqual({ status: 'healthy', live: true, ready: true, checks })
  })

  it('say what is missing, while the process is up', async () => {
    bench = await startHttpBench(undefined, { checks: [fine, away, broken] })
    expect((await bench.fetch('/livez')).status).toBe(200)
    const ready = await bench.fetch('/readyz')
    expect([ready.status, await ready.json()]).toEqual([
      503,
      { status: 'not_ready', failed: ['broker', 'workers'] },
    ])
    const health = await bench.fetch('/health')
    expect(health.status).toBe(503)
    expect(await health.json()).toMatchObject({
      checks: [{ ok: true }, { detail: 'not connected' }, { name: 'workers', detail: 'oops' }],
    })
  })

  it('say no from the moment that a stop begins', async () => {
    bench = await startHttpBench(undefined, { checks: [fine] })
    bench.server.drain()
    expect((await bench.fetch('/readyz')).status).toBe(503)
    expect((await bench.fetch('/livez')).status).toBe(200)
  })
})

describe('HealthChecks', () => {
  it('ask once for all who wait, and do not wait for what hangs', async () => {
    bench = await startHttpBench()
    const clock = new FakeClock()
    let asked = 0
    const hangs = () => {
      asked += 1
      return new Promise<never>(() => {})
    }
    const checks = new HealthChecks([fine, { name: 'slow', check: hangs }], clock)
    const answers = Promise.all([checks.run(), checks.run()])
    await vi.waitFor(() => expect(asked).toBe(1))
    await setImmediate()
    clock.advance(2000)
    for (const { ready, results } of await answers) {
      expect(ready).toBe(false)
      expect(results).toMatchObject([
        { name: 'store', ok: true },
        { name: 'slow', ok: false },
      ])
    }
    expect(asked).toBe(1)
  })
})

describe('/metrics', () => {
  const text = /^# HELP belfry_/m
  const read = { authorization: 'Bearer read' }
  const proxied = { 'x-forwarded-for': '203.0.113.9' }

  it('is open to this machine, and from elsewhere takes the scope read', async () => {
    bench = await startHttpBench()
    const status = async (headers = {}) => (await bench.fetch('/metrics', { headers })).status
    const local = await bench.fetch('/metrics')
    expect(await local.text()).toMatch(text)
    expect(local.headers.get('content-type')).toContain('version=0.0.4')
    expect(await status(proxied)).toBe(401)
    expect(await status({ ...proxied, authorization: 'Bearer publish' })).toBe(403)
    expect(await status({ ...proxied, ...read })).toBe(200)
    expect(await status({ forwarded: 'for=127.0.0.1' })).toBe(401)
  })

  it('does not believe an address that anybody may write', async () => {
    bench = await startHttpBench(undefined, { settings: { trustProxy: true } })
    const headers = { 'x-forwarded-for': '127.0.0.1' }
    expect((await bench.fetch('/metrics', { headers })).status).toBe(401)
  })

  it('has a port of its own where that is wished, and then no other', async () => {
    bench = await startHttpBench(undefined, { settings: { metricsPort: 0 } })
    expect((await bench.fetch('/metrics')).status).toBe(404)
    const own = `http://127.0.0.1:${bench.server.metricsPort}`
    expect(await (await fetch(`${own}/metrics`)).text()).toMatch(text)
    expect((await fetch(`${own}/api/users`)).status).toBe(404)
  })
})
