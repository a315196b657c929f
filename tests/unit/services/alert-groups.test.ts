import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { EscalationPolicy } from '../../../services/alerts/escalation-policy.ts'
import { Unavailable } from '../../../src/support/errors.ts'
import { AlertBench } from '../../support/alert-bench.ts'

const doing = { who: 'ada', note: null }

let bench: AlertBench
beforeEach(async () => {
  bench = new AlertBench()
  await bench.person('ada')
  await bench.onCall('disk', 'ada')
})
afterEach(() => bench.store.close())

/** A warning of a disk of a rack. */
const disk = (name: string, given: object = {}) =>
  bench.raise({
    ...{ type: 'disk', severity: 'warning', source: `rack-1`, message: `${name} is full` },
    ...{ dedupKey: name, ...given },
  })
const titles = async () => (await bench.heard('ada')).map(({ title }) => title)

function policy(given: Partial<EscalationPolicy> = {}): Promise<EscalationPolicy> {
  return bench.services.policies.create({
    ...{ id: 'disks', name: 'Disks', alert_types: ['disk'], severities: [], repeat: 0 },
    ...{ ack_timeout_minutes: null, ...given },
    steps: [
      { targets: [{ type: 'user', id: 'ada' }], delay_minutes: 9000, channels: null },
      ...(given.steps ?? []),
    ],
  })
}

describe('alerts of a group', () => {
  it('wait half a minute for each other and are one message; a single one reads as ever', async () => {
    await disk('sda')
    await bench.pass(0.2)
    await disk('sdb')
    await disk('sdc')
    await disk('sda', { source: 'rack-2', dedupKey: 'other rack' })
    await bench.pass(0.25)
    expect(await titles()).toEqual([])
    await bench.pass(0.05)
    expect(await titles()).toEqual(['Warning: 3 alerts (disk)'])
    expect((await bench.heard('ada'))[0]?.message).toBe(
      'disk rack-1: sda is full\ndisk rack-1: sdb is full\ndisk rack-1: sdc is full',
    )
    await bench.pass(0.2)
    expect(await titles()).toEqual(['Warning: 3 alerts (disk)', 'Warning: disk'])
  })

  it('wait no longer once somebody escalates one: it is told at once, the others in their turn', async () => {
    const ids = [await disk('sda'), await disk('sdb')]
    await bench.services.alertActions.escalate(ids[0] ?? '', doing)
    await bench.work()
    expect(await titles()).toEqual(['Warning: disk'])
    await bench.pass(0.5)
    expect(await titles()).toEqual(['Warning: disk', 'Warning: disk'])
  })

  it('that are resolved before their turn are not told at all', async () => {
    const id = await disk('sda')
    await bench.pass(0.4)
    await bench.services.alertActions.resolve(id, doing)
    await bench.pass(600)
    expect(await titles()).toEqual([])
    expect(await bench.history(id)).toEqual(['triggered', 'waits', 'resolved'])
  })

  it('that come later are told five minutes after the last time, as new; what is resolved is said together', async () => {
    await policy()
    const ids = [await disk('sda'), await disk('sdb')]
    await bench.pass(0.5)
    await bench.pass(1)
    await disk('sdc')
    await disk('sdd')
    await bench.pass(3.9)
    expect(await titles()).toHaveLength(1)
    await bench.pass(0.1)
    expect((await titles()).at(-1)).toBe('Warning: New: 2 alerts (disk)')
    for (const id of ids) await bench.services.alertActions.resolve(id, doing)
    await bench.pass(4.9)
    expect(await titles()).toHaveLength(2)
    await bench.pass(0.1)
    expect((await titles()).slice(2)).toEqual(['Resolved: 2 alerts (disk)'])
  })

  it('whose last one was resolved are a first group again', async () => {
    await policy()
    const id = await disk('sda')
    await bench.pass(0.5)
    await bench.services.alertActions.resolve(id, doing)
    await bench.pass(1)
    await disk('sdb')
    await bench.pass(0.5)
    expect(await titles()).toEqual(['Warning: disk', 'Resolved: disk', 'Warning: disk'])
  })

  it('are told again exactly four hours later while nobody answers, and not once somebody did', async () => {
    await policy()
    const ids = [await disk('sda'), await disk('sdb')]
    await bench.pass(0.5)
    await bench.pass(240)
    expect(await titles()).toHaveLength(1)
    await bench.pass(0.02)
    expect((await titles()).at(-1)).toBe('Warning: Still open: 2 alerts (disk)')
    for (const id of ids) await bench.services.alertActions.acknowledge(id, doing)
    await bench.pass(1000)
    expect((await titles()).filter((title) => title.includes('Still open'))).toHaveLength(1)
  })

  it('that are resolved while they are told do not stay known: the next one is a first again', async () => {
    await policy()
    const ids = [await disk('sda'), await disk('sdb')]
    bench.clock.advance(0.5 * 60_000)
    const [flush] = await bench.take()
    const { ops } = await bench.services.alertWork.handle(flush!)
    for (const id of ids) await bench.services.alertActions.resolve(id, doing)
    await bench.work()
    await bench.store.commit({ partition: 0, ops })
    await bench.pass(1)
    await disk('sdc')
    await bench.pass(0.5)
    expect((await titles()).at(-1)).toBe('Warning: disk')
  })

  it('are told though the store was away while they were looked at', async () => {
    await policy()
    for (const name of ['sda', 'sdb']) await disk(name)
    bench.clock.advance(0.5 * 60_000)
    const [flush] = await bench.take()
    const away = vi.spyOn(bench.store, 'get').mockRejectedValueOnce(new Unavailable('away'))
    await expect(bench.services.alertWork.handle(flush!)).rejects.toThrow('away')
    away.mockRestore()
    await bench.perform(flush!, bench.services)
    await bench.work()
    expect(await titles()).toEqual(['Warning: 2 alerts (disk)'])
  })

  it('are told though the record of a resolved one is gone, as after a day without the service', async () => {
    await policy()
    const ids = [await disk('sda'), await disk('sdb')]
    await bench.pass(0.5)
    for (const id of ids) await bench.services.alertActions.resolve(id, doing)
    await bench.work()
    for (const name of ['sdc', 'sdd']) await disk(name)
    bench.clock.leap(25 * 60 * 60_000)
    await bench.work()
    expect(await titles()).toEqual(['Warning: 2 alerts (disk)', 'Warning: 2 alerts (disk)'])
  })

  it('go on to the next step together, when it is due', async () => {
    const second = { targets: [{ type: 'user', id: 'joan' }], delay_minutes: 9, channels: null }
    await bench.services.policies.create({
      ...{ id: 'disks', name: 'Disks', alert_types: ['disk'], severities: [], repeat: 0 },
      ack_timeout_minutes: null,
      steps: [
        { targets: [{ type: 'user', id: 'ada' }], delay_minutes: 2, channels: null },
        second as EscalationPolicy['steps'][number],
      ],
    })
    for (const name of ['sda', 'sdb', 'sdc']) await disk(name)
    await bench.pass(0.5)
    await bench.pass(2)
    await bench.pass(0.02)
    expect((await bench.heard('joan')).map(({ title }) => title)).toEqual([
      'Warning: Still open: 3 alerts (disk)',
    ])
  })

  it('by other labels, by none, and without a resolved message, as the policy says', async () => {
    await policy({ group_by: ['floor'], group_wait_seconds: 10, send_resolved: false })
    const id = await disk('sda', { source: 'rack-1', labels: { floor: '2' } })
    await disk('sdb', { source: 'rack-2', labels: { floor: '2' } })
    await bench.pass(10 / 60)
    expect(await titles()).toEqual(['Warning: 2 alerts (disk)'])
    await bench.services.alertActions.resolve(id, doing)
    await bench.pass(10)
    expect(await titles()).toHaveLength(1)
    await bench.services.policies.change('disks', (one) => ({ ...one, group_by: ['...'] }))
    await disk('sdc')
    await disk('sdd')
    expect(await titles()).toHaveLength(3)
  })

  it('are told once by two processes that flush them at once, each alert in one message', async () => {
    const other = bench.process()
    for (let n = 0; n < 20; n++) await disk(`disk-${n}`)
    bench.clock.advance(30_000)
    await Promise.all([bench.work(), bench.work(other), bench.work(), bench.work(other)])
    const heard = await bench.heard('ada')
    const lines = heard.flatMap(({ message }) => message.split('\n'))
    expect(lines).toHaveLength(20)
    expect(new Set(lines).size).toBe(20)
  })

  it('are told when the process that began to tell them died on the way, once', async () => {
    await disk('sda')
    await disk('sdb')
    bench.clock.advance(30_000)
    const leases = await bench.take()
    await bench.services.alertWork.handle(leases[0]!)
    bench.clock.advance(31_000)
    await bench.store.reap(0, bench.keys.queue('alert'), 5)
    await bench.work()
    expect(await titles()).toEqual(['Warning: 2 alerts (disk)'])
    expect(await bench.store.members(0, bench.keys.heldAlertJobs())).toEqual([])
  })

  it('fall silent while they wait, and are told when that ends', async () => {
    const id = await disk('sda')
    await bench.services.silences.create(
      {
        ...{ matchers: [{ name: 'alert_type', operator: '=', value: 'disk' }], comment: 'swap' },
        ...{ affected_systems: [], starts_at: null, recurrence: null, created_by: 'ada' },
        ...{ ends_at: new Date(bench.clock.now() + 600_000).toISOString() },
        ...{ expire_on_resolve: false, notify_on_end: true },
      },
      'swap',
    )
    await bench.pass(9.9)
    expect(await titles()).toEqual([])
    await bench.pass(0.1)
    expect(await titles()).toEqual(['Warning: disk'])
    expect(await bench.history(id)).toEqual(['triggered', 'waits', 'silenced', 'notified'])
  })
})

describe('a step where each has to acknowledge', () => {
  it('goes on with the own rules of whoever has not, and takes every answer', async () => {
    for (const user of ['ada', 'joan']) {
      await bench.person(user)
      await bench.services.notificationRules.save(user, [
        { channel: 'push', delay_minutes: 0, severity: null },
        { channel: 'webhook', delay_minutes: 2, severity: null },
      ])
    }
    const targets = ['ada', 'joan'].map((id) => ({ type: 'user' as const, id }))
    await bench.services.policies.create({
      ...{ id: 'all', name: 'All', alert_types: ['fire'], severities: [], repeat: 0 },
      ack_timeout_minutes: null,
      steps: [{ targets, delay_minutes: 60, channels: null, multi_ack: true }],
    })
    const id = await bench.raise()
    const acknowledge = (who: string) =>
      bench.services.alertActions.acknowledge(id, { who, note: null })
    expect((await acknowledge('ada')).status).toBe('acknowledged')
    await bench.pass(3)
    const count = async (user: string) =>
      (await bench.heardTypes(user)).filter((type) => type === 'alert.critical').length
    expect([await count('ada'), await count('joan')]).toEqual([1, 2])
    expect((await acknowledge('joan')).status).toBe('acknowledged')
    expect((await acknowledge('joan')).status).toBe('already_acknowledged')
    expect(await bench.show(id)).toMatchObject({ acknowledged_users: ['ada', 'joan'] })
  })
})
