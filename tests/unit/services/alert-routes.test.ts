import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { AlertRoute } from '../../../services/alerts/alert-routes.ts'
import { readMatcher } from '../../../services/noise/label-matcher.ts'
import { AlertBench } from '../../support/alert-bench.ts'

let bench: AlertBench
beforeEach(async () => {
  bench = new AlertBench()
  for (const id of ['ops', 'power', 'night', 'fires']) {
    await bench.person(id)
    await bench.services.policies.create({
      ...{ id, name: id, alert_types: id === 'fires' ? ['fire'] : ['none'], severities: [] },
      ...{ repeat: 0, ack_timeout_minutes: null },
      steps: [{ targets: [{ type: 'user', id }], delay_minutes: 5, channels: null }],
    })
  }
})
afterEach(() => bench.store.close())

const route = (
  written: readonly string[],
  policy: string | null,
  ...routes: readonly AlertRoute[]
): AlertRoute => ({ matchers: written.map((text) => readMatcher(text)!), policy, routes })
const save = (...routes: readonly AlertRoute[]) => bench.services.alertRoutes.save(routes)
/** By which policy an alert goes. */
async function policyOf(given: Parameters<AlertBench['raise']>[0] = {}) {
  const id = await bench.raise({ dedupKey: crypto.randomUUID(), ...given })
  return (await bench.show(id)).policy
}

describe('[semantics 4.13] routes of alerts', () => {
  it('the first that fits is taken, by label, source or severity, before what policies say', async () => {
    await save(
      route(['team="power"'], 'power'),
      route(['source=~"pump-.*"', 'severity!="info"'], 'ops'),
      route(['team=~".+"'], 'night'),
    )
    expect(await policyOf({ labels: { team: 'power' }, source: 'pump-7' })).toBe('power')
    expect(await policyOf({ source: 'pump-7' })).toBe('ops')
    expect(await policyOf({ source: 'pump-7', severity: 'info' })).toBe('fires')
    expect(await policyOf({ labels: { team: 'x' } })).toBe('night')
    expect(await policyOf({ type: 'flood' })).toBe('default')
    expect(await bench.heardTypes('power')).toEqual(['alert.critical'])
  })

  it('a route below says it more exactly, or inherits; none that fits below leaves it as it is', async () => {
    const below = [route(['severity="info"'], 'default'), route(['hall="3"'], null)]
    await save(route([], 'ops', route(['team="power"'], 'power', ...below)))
    expect(await policyOf()).toBe('ops')
    const labels = { team: 'power' }
    expect(await policyOf({ labels })).toBe('power')
    expect(await policyOf({ labels: { ...labels, hall: '3' } })).toBe('power')
    expect(await policyOf({ labels, severity: 'info' })).toBe('default')
  })

  it('may name only policies that are there; of one that is deleted the others decide again', async () => {
    await expect(save(route([], null, route([], 'nobody')))).rejects.toThrow(
      'There is no escalation policy nobody; there are default, fires, night, ops, power.',
    )
    await save(route([], 'ops'))
    await bench.services.policies.remove('ops')
    expect(await policyOf()).toBe('fires')
    await save()
    expect(await bench.services.alertRoutes.read()).toEqual([])
  })

  it('are heard of by every process at once', async () => {
    const other = bench.process()
    expect(await other.alertRoutes.read()).toEqual([])
    await save(route([], 'ops'))
    expect(await other.alertRoutes.read()).toHaveLength(1)
  })
})
