import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type NotificationRule, planOf } from '../../../services/alerts/notification-rules.ts'
import { AlertBench } from '../../support/alert-bench.ts'

const rule = (
  channel: NotificationRule['channel'],
  delay_minutes = 0,
  severity: NotificationRule['severity'] = null,
): NotificationRule => ({ channel, delay_minutes, severity })

const pushThenTextThenCall = [
  rule('push', 0, 'critical'),
  rule('sms', 2, 'critical'),
  rule('voice', 5, 'critical'),
]
const ada = { who: 'ada', note: null }

let bench: AlertBench
beforeEach(async () => {
  bench = new AlertBench()
  await bench.person('ada', { devices: [{ platform: 'ios', token: 'a-phone' }] })
  await bench.onCall('fire', 'ada')
  // A step that takes long, so that only the rules of the person act.
  await bench.services.policies.create({
    ...{ id: 'slow', name: 'Slow', alert_types: [], severities: [], repeat: 0 },
    steps: [
      { targets: [{ type: 'oncall', id: null }], delay_minutes: 60, channels: null },
      { targets: [{ type: 'oncall', id: null }], delay_minutes: 60, channels: ['email'] },
    ],
    ack_timeout_minutes: 30,
  })
})
afterEach(() => bench.store.close())

const channels = async () => (await bench.heard('ada')).map((one) => one.channels)

describe('planOf()', () => {
  it('puts channels of one delay together, for the severity that is asked for', () => {
    const rules = [rule('sms', 2), rule('email', 0, 'warning'), rule('voice', 2, 'critical')]
    expect(planOf(rules, 'critical')).toEqual({
      atOnce: ['realtime'],
      later: [{ delayMinutes: 2, channels: ['sms', 'voice'] }],
    })
    expect(planOf(rules, 'warning')).toEqual({
      atOnce: ['realtime', 'email'],
      later: [{ delayMinutes: 2, channels: ['sms'] }],
    })
    expect(planOf([rule('voice', 0, 'critical')], 'info')).toBeNull()
  })
})

describe('rules of a person', () => {
  beforeEach(async () => {
    await bench.provePhone('ada')
    await bench.services.notificationRules.save('ada', pushThenTextThenCall)
  })

  it('push at once, a text after two minutes, a call after five', async () => {
    const id = await bench.raise()
    expect(await channels()).toEqual([['realtime', 'push']])
    await bench.pass(2)
    expect(await channels()).toEqual([['realtime', 'push'], ['sms']])
    await bench.pass(2.9)
    expect(await channels()).toHaveLength(2)
    await bench.pass(0.1)
    expect(await channels()).toEqual([['realtime', 'push'], ['sms'], ['voice']])
    expect((await bench.show(id)).log.at(-1)?.why).toBe('ada after 5 min: voice')
    await bench.pass(50)
    expect(await channels()).toHaveLength(3)
  })

  it('stop when somebody acknowledges', async () => {
    const id = await bench.raise()
    await bench.pass(3)
    await bench.services.alertActions.acknowledge(id, ada)
    await bench.pass(20)
    expect(await bench.heardTypes('ada')).toEqual([
      ...['alert.critical', 'alert.critical', 'alert.acknowledged'],
    ])
  })

  it('say by which channels he hears that somebody acknowledged: those that were used', async () => {
    await bench.raise()
    const early = await bench.raise({ source: 'hall 4' })
    await bench.pass(1)
    await bench.services.alertActions.acknowledge(early, { who: 'bob', note: null })
    await bench.work()
    expect((await channels()).at(-1)).toEqual(['realtime', 'push'])
    const late = await bench.raise({ source: 'hall 5' })
    await bench.pass(5.5)
    await bench.services.alertActions.acknowledge(late, { who: 'bob', note: null })
    await bench.work()
    // By text too; nobody is called for good news.
    expect((await channels()).at(-1)?.toSorted()).toEqual(['push', 'realtime', 'sms'])
  })

  it('of before an acknowledgement do not come back with the alert; they begin again', async () => {
    const id = await bench.raise()
    await bench.services.alertActions.acknowledge(id, ada)
    await bench.services.alertActions.unacknowledge(id, ada)
    await bench.work()
    await bench.pass(10)
    const told = (await bench.heard('ada')).filter(({ type }) => type === 'alert.critical')
    expect(told.map((one) => one.channels)).toEqual([
      ...[
        ['realtime', 'push'],
        ['realtime', 'push'],
      ],
      ...[['sms'], ['voice']],
    ])
  })

  it('do not count for another severity, nor where a step names its channels', async () => {
    await bench.raise({ severity: 'warning' })
    await bench.pass(0.5)
    expect(await channels()).toEqual([['realtime', 'email', 'push']])
    await bench.pass(60)
    expect((await channels()).at(-1)).toEqual(['email'])
    expect(await channels()).toHaveLength(2)
  })

  it('page nobody for an alert that only informs', async () => {
    await bench.services.notificationRules.save('ada', [rule('sms'), rule('voice', 1)])
    await bench.services.directory.savePreferences('ada', { sms: true, voice: true })
    await bench.raise({ severity: 'info' })
    await bench.pass(5)
    expect(await channels()).toEqual([['realtime', 'push']])
  })

  it('act once when two processes hold the same work', async () => {
    const other = bench.process()
    await bench.raise()
    bench.clock.advance(2 * 60_000)
    const leases = await bench.take()
    await Promise.all(
      leases.flatMap((lease) => [
        bench.perform(lease, bench.services),
        bench.perform(lease, other),
      ]),
    )
    expect(await channels()).toEqual([['realtime', 'push'], ['sms']])
  })

  it('that are taken away leave it to the severity', async () => {
    await bench.services.notificationRules.save('ada', [])
    await bench.raise()
    expect(await channels()).toEqual([['realtime', 'email', 'sms', 'push']])
  })
})
