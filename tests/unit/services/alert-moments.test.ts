import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { mootPages } from '../../../services/alerts/moot-pages.ts'
import type { Provider } from '../../../services/channels/channel.ts'
import type { DeliveryJob } from '../../../services/deliveries/delivery-job.ts'
import { DeliveryService } from '../../../services/deliveries/delivery-service.ts'
import type { Write } from '../../../src/store/store.ts'
import { Unavailable } from '../../../src/support/errors.ts'
import { AlertBench, MINUTE_MS } from '../../support/alert-bench.ts'
import { silentLog as log } from '../../support/delivery.ts'

const ada = { who: 'ada', note: null }

let bench: AlertBench
beforeEach(async () => {
  bench = new AlertBench()
  for (const user of ['ada', 'grace']) await bench.person(user)
  await bench.onCall('disk', 'ada', 'grace')
})
afterEach(async () => {
  vi.restoreAllMocks()
  await bench.store.close()
})

const disk = (name: string, given: object = {}) =>
  bench.raise({
    ...{ type: 'disk', severity: 'warning', source: 'rack-1', message: `${name} is full` },
    ...{ dedupKey: name, ...given },
  })
const titles = async (user: string) => (await bench.heard(user)).map(({ title }) => title)

/** The store does not take what `isRefused` says, as where the partition of somebody is away. */
function away(isRefused: (write: Write) => boolean): () => void {
  const commit = bench.store.commit.bind(bench.store)
  const spy = vi.spyOn(bench.store, 'commit').mockImplementation((write) => {
    return isRefused(write) ? Promise.reject(new Unavailable('away')) : commit(write)
  })
  return () => spy.mockRestore()
}

const inboxOf = (user: string) => (write: Write) =>
  write.ops.some((op) => op[0] === 'inbox' && op[2] === user)

describe('a group that could not be told to everybody at first', () => {
  it('is told to the others once, and what came since is told to everybody', async () => {
    for (const name of ['sda', 'sdb']) await disk(name)
    bench.clock.advance(30_000)
    const back = away(inboxOf('grace'))
    const [flush] = await bench.take()
    await expect(bench.services.alertWork.handle(flush!)).rejects.toThrow('away')
    await disk('sdc')
    back()
    await bench.perform(flush!, bench.services)
    await bench.pass(1)
    for (const user of ['ada', 'grace']) {
      expect(await titles(user)).toEqual(['Warning: 2 alerts (disk)', 'Warning: disk'])
    }
  })

  it('[X-07] says of each once that it is resolved, also of what was resolved since', async () => {
    const ids = [await disk('sda'), await disk('sdb'), await disk('sdc')]
    await bench.pass(0.5)
    const [first = '', second = '', third = ''] = ids
    for (const id of [first, second]) await bench.services.alertActions.resolve(id, ada)
    await bench.work()
    bench.clock.advance(5 * MINUTE_MS)
    const leases = await bench.take()
    const [flush, other] = leases.filter(({ jobId }) => jobId.includes('flush'))
    for (const lease of leases) {
      if (lease !== flush && lease !== other) await bench.perform(lease, bench.services)
    }
    const back = away(inboxOf('grace'))
    await expect(bench.services.alertWork.handle(flush!)).rejects.toThrow('away')
    await bench.services.alertActions.resolve(third, ada)
    await bench.work()
    back()
    for (const lease of [flush!, other!]) await bench.perform(lease, bench.services)
    await bench.pass(10)
    for (const user of ['ada', 'grace']) {
      const heard = (await bench.heard(user)).filter(({ type }) => type === 'alert.resolved')
      expect(heard.map(({ title }) => title)).toEqual([
        ...['Resolved: 2 alerts (disk)', 'Resolved: disk'],
      ])
    }
  })
})

describe('an acknowledgement between the moment at which a step is taken up and that at which it is told', () => {
  it('[reliability 20] keeps it from being told', async () => {
    const { alerts, alertStore, alertActions } = bench.services
    const find = alertStore.find.bind(alertStore)
    vi.spyOn(alertStore, 'find').mockImplementationOnce(async (id) => {
      await alertActions.acknowledge(id, ada)
      return find(id)
    })
    const id = await disk('sda', { severity: 'critical' })
    expect(await alerts.openAlertOf((await bench.show(id)) as never).catch(() => id)).toBe(id)
    expect(await bench.heardTypes('grace')).not.toContain('alert.critical')
  })
})

describe('a page that waits for its provider', () => {
  const sent: string[] = []
  let isAway = true
  const provider: Provider = {
    name: 'line',
    async send(job) {
      if (isAway) return { status: 'unreachable', reason: 'it is away' }
      sent.push((job as unknown as { message: string }).message)
      return { status: 'sent' }
    },
  }
  beforeEach(() => {
    sent.length = 0
    isAway = true
  })

  /** All text messages that are due, tried once. */
  async function deliver(): Promise<DeliveryJob[]> {
    const { store, keys, clock, services } = bench
    const isMoot = mootPages(services.alertStore)
    const providers = new Map([['sms', provider]])
    const deliveries = new DeliveryService({ keys, clock, log, providers, isMoot })
    const leases = await store.take(0, keys.queue('sms'), 100, 30_000)
    for (const lease of leases) {
      const { ops } = await deliveries.handle(lease, new AbortController().signal)
      const guards = [['lease', lease.queue, lease.jobId, lease.token] as const]
      await store.commit({ partition: 0, guards, ops })
    }
    return leases.map(({ job }) => JSON.parse(job) as DeliveryJob)
  }
  const outage = async () => {
    await deliver()
    isAway = false
    bench.clock.advance(10 * MINUTE_MS)
  }

  it('rings nobody once the alert was acknowledged, resolved or put to sleep', async () => {
    const { alertActions } = bench.services
    const ids = [await disk('sda', { severity: 'critical' })]
    for (const name of ['sdb', 'sdc']) ids.push(await disk(name, { severity: 'critical' }))
    const [first = '', second = '', third = ''] = ids
    await deliver()
    await alertActions.acknowledge(first, ada)
    await alertActions.resolve(second, ada)
    await alertActions.snooze(third, ada, bench.clock.now() + 60 * MINUTE_MS)
    await outage()
    await deliver()
    expect(sent).toEqual([])
  })

  it('goes out while nobody has answered, and where the alert cannot be looked at', async () => {
    const id = await disk('sda', { severity: 'critical' })
    await outage()
    await bench.services.alertActions.acknowledge(id, ada)
    const look = vi.spyOn(bench.services.alertStore, 'readIfAny')
    look.mockRejectedValue(new Unavailable('away'))
    await deliver()
    expect(sent.filter((text) => text.startsWith('CRITICAL'))).toHaveLength(2)
    look.mockRestore()
    await disk('sdb', { severity: 'critical' })
    await deliver()
    expect(sent.filter((text) => text.startsWith('CRITICAL'))).toHaveLength(4)
  })

  it('goes out where each has to acknowledge for himself, to whoever has not', async () => {
    const targets = ['ada', 'grace'].map((user) => ({ type: 'user' as const, id: user }))
    await bench.services.policies.create({
      ...{ id: 'p', name: 'p', alert_types: ['disk'], severities: [], repeat: 0 },
      ack_timeout_minutes: null,
      steps: [{ targets, delay_minutes: 5, channels: ['sms'], multi_ack: true }],
    })
    const id = await disk('sda', { severity: 'critical' })
    await bench.services.alertActions.acknowledge(id, ada)
    isAway = false
    const jobs = await deliver()
    expect(jobs).toHaveLength(2)
    expect(sent).toHaveLength(1)
  })

  it('of several alerts goes out until all of them were answered', async () => {
    await bench.services.directory.savePreferences('ada', { sms: true })
    const channels = ['sms'] as const
    const targets = [{ type: 'user' as const, id: 'ada' }]
    await bench.services.policies.create({
      ...{ id: 'p', name: 'p', alert_types: ['disk'], severities: [], repeat: 0 },
      ...{ ack_timeout_minutes: null, steps: [{ targets, delay_minutes: 5, channels }] },
    })
    const ids = [await disk('sda'), await disk('sdb')]
    await bench.pass(0.5)
    await bench.services.alertActions.acknowledge(ids[0] ?? '', ada)
    await outage()
    await deliver()
    expect(sent).toHaveLength(1)
  })
})
