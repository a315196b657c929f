import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { CallKeys } from '../../../services/alerts/call-keys.ts'
import { Unavailable } from '../../../src/support/errors.ts'
import { AlertBench } from '../../support/alert-bench.ts'

let bench: AlertBench
beforeEach(() => {
  bench = new AlertBench()
})
afterEach(async () => {
  vi.restoreAllMocks()
  await bench.store.close()
})

describe('a key that is pressed in a call', () => {
  const URL = 'https://example.com/hooks/twilio/voice'
  const pressing = (ids: readonly string[], away = false) => {
    const [alert_id, ...more] = ids
    const together = more.length > 0 ? { alert_ids: ids } : {}
    const job = { channel: 'voice', user_id: 'ada', message: 'It burns', alert_id, ...together }
    const queues = {
      delivery: async () => {
        if (away) throw new Unavailable('away')
        return job as never
      },
    }
    const keys = new CallKeys({ queues, alerts: bench.services.alertActions })
    return (key: string, call = 'CA1') => keys.press({ key, call }, ['d1'], URL)
  }

  it('[S1-057] escalates once, though we are told of it twice; another call is another press', async () => {
    await bench.onCall('fire', 'ada')
    const id = await bench.raise()
    const press = pressing([id])
    for (const _ of [1, 2]) expect(await press('5')).toContain('Escalated.')
    expect(await bench.show(id)).toMatchObject({ step: 1, loop: 0 })
    await press('5', 'CA2')
    expect(await bench.show(id)).toMatchObject({ step: 0, loop: 1 })
  })

  it('acknowledges all the alerts of which the call speaks', async () => {
    const ids = [await bench.raise(), await bench.raise({ source: 'hall 4' })]
    expect(await pressing(ids)('4')).toContain('Acknowledged.')
    for (const id of ids) expect(await bench.show(id)).toMatchObject({ acknowledged_by: 'ada' })
  })

  it('is asked for again when nothing can be done at this moment', async () => {
    const id = await bench.raise()
    expect(await pressing([id], true)('4')).toMatch(
      /Press the key again.*<Gather|<Gather.*Press the key again/s,
    )
    vi.spyOn(bench.store, 'commit').mockRejectedValueOnce(new Unavailable('away'))
    const press = pressing([id])
    expect(await press('4')).toContain('Press the key again.')
    expect(await press('4')).toContain('Acknowledged.')
  })
})

describe('the link of an alert that each has to acknowledge', () => {
  it('offers it to whoever has not, until all have', async () => {
    const targets = ['ada', 'grace'].map((user) => ({ type: 'user' as const, id: user }))
    for (const user of ['ada', 'grace']) await bench.person(user)
    await bench.services.policies.create({
      ...{ id: 'p', name: 'p', alert_types: ['fire'], severities: [], repeat: 0 },
      ack_timeout_minutes: null,
      steps: [{ targets, delay_minutes: 5, channels: null, multi_ack: true }],
    })
    const alertId = await bench.raise()
    const { links, linkSigner } = bench.services
    const link = async (userId: string) => {
      const url = await linkSigner.url({ kind: 'ack', alertId, userId }, bench.clock.now())
      return url.slice(url.lastIndexOf('/') + 1)
    }
    const [ada, grace] = [await link('ada'), await link('grace')]
    expect(await links.acknowledge(ada)).toMatchObject({ state: 'acknowledged' })
    expect(await links.ack(grace)).toMatchObject({ state: 'open' })
    expect(await links.acknowledge(grace)).toMatchObject({ state: 'acknowledged' })
    expect(await bench.show(alertId)).toMatchObject({ acknowledged_users: ['ada', 'grace'] })
  })
})
