import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { AlertBench, DAY_MS, MINUTE_MS } from '../../support/alert-bench.ts'

const ada = { who: 'ada', note: null }

let bench: AlertBench
beforeEach(async () => {
  bench = new AlertBench()
  await bench.person('ada')
  await bench.person('grace', { roles: ['admin'] })
  await bench.onCall('fire', 'ada')
})
afterEach(() => bench.store.close())

const channelsOf = async (user: string) => (await bench.heard(user)).map(({ channels }) => channels)

describe('an alert nobody acknowledges', () => {
  it('[S1-053] reaches admins and whoever is on call at once, and by phone after five minutes', async () => {
    const id = await bench.raise()
    for (const user of ['ada', 'grace']) {
      expect(await channelsOf(user)).toEqual([['realtime', 'email', 'sms']])
    }
    await bench.pass(4.9)
    expect(await bench.heard('ada')).toHaveLength(1)
    await bench.pass(0.1)
    for (const user of ['ada', 'grace']) {
      expect((await channelsOf(user))[1]).toEqual(['realtime', 'email', 'sms', 'voice'])
    }
    expect(await bench.show(id)).toMatchObject({ step: 1, loop: 0, policy: 'default' })
  })

  it('goes through its steps four times, then tells the admins once, and people every four hours', async () => {
    const id = await bench.raise()
    await bench.pass(39)
    expect(await bench.heard('ada')).toHaveLength(8)
    expect(await bench.show(id)).toMatchObject({ step: 1, loop: 3, exhausted: false })
    await bench.pass(1)
    // The last step was told at minute 35; a repetition is exactly four hours later.
    await bench.pass(235 - 1)
    await bench.pass(0.9)
    expect(await bench.heard('ada')).toHaveLength(8)
    await bench.pass(0.1)
    expect(await bench.heard('ada')).toHaveLength(9)
    await bench.pass(960)
    expect(await bench.heard('ada')).toHaveLength(13)
    const told = await bench.heardTypes('grace')
    expect(told.filter((type) => type === 'escalation.exhausted')).toHaveLength(1)
    expect(told).toHaveLength(14)
    expect(await bench.show(id)).toMatchObject({
      ...{ exhausted: true, next_escalation_at: null, status: 'triggered' },
    })
    expect(bench.news.filter(({ event }) => event === 'exhausted')).toHaveLength(1)
  })

  it('says when the next step is due, and in its log what happened and why', async () => {
    const id = await bench.raise()
    const { next_escalation_at } = await bench.show(id)
    expect(Date.parse(next_escalation_at ?? '')).toBe(bench.clock.now() + 5 * MINUTE_MS)
    await bench.pass(5)
    const { log } = await bench.show(id)
    expect(log.map(({ what, why }) => [what, why])).toEqual([
      ['triggered', '2 people'],
      ['notified', '2 told: ada by realtime, email, sms; grace by realtime, email, sms'],
      ['escalated', 'nobody acknowledged: step 1, round 1'],
      [
        'notified',
        '2 told: ada by realtime, email, sms, voice; grace by realtime, email, sms, voice',
      ],
    ])
  })

  it('that only informs pages nobody, and nobody twice', async () => {
    const id = await bench.raise({ severity: 'info', message: 'Tea is ready' })
    await bench.pass(600)
    expect(await channelsOf('ada')).toEqual([['realtime']])
    expect(await bench.show(id)).toMatchObject({ next_escalation_at: null, exhausted: false })
  })

  it('finds whoever is on call by the time of the step', async () => {
    await bench.raise()
    await bench.services.memberships.setOnCall('fire', ['ada'], false)
    await bench.onCall('fire', 'joan')
    await bench.pass(5)
    expect(await bench.heard('joan')).toHaveLength(1)
    expect(await bench.heard('ada')).toHaveLength(1)
  })

  it('says that nobody is there, waits, and tells whoever comes', async () => {
    await bench.services.directory.save('grace', { roles: [] })
    const id = await bench.raise({ type: 'flood' })
    expect(await bench.history(id)).toEqual(['triggered', 'skipped', 'skipped'])
    await bench.onCall('flood', 'joan')
    await bench.pass(5)
    expect(await bench.heardTypes('joan')).toEqual(['alert.critical'])
  })

  it('is over after a week in which nothing was heard of it', async () => {
    const id = await bench.raise()
    await bench.pass(6 * 1440)
    await bench.raise()
    await bench.pass(6 * 1440)
    expect(await bench.show(id)).toMatchObject({ status: 'triggered', count: 2 })
    await bench.pass(1440)
    const { status, log } = await bench.show(id)
    expect(status).toBe('resolved')
    expect(log.at(-1)).toMatchObject({ who: null, why: 'nothing was heard of it for 7 days' })
    expect((await bench.heardTypes('ada')).at(-1)).toBe('alert.resolved')
  })
})

describe('an acknowledgement', () => {
  it('during the second step stops everything and is told to everybody who was told', async () => {
    const id = await bench.raise()
    await bench.pass(6)
    await bench.services.alertActions.acknowledge(id, { who: 'ada', note: 'on my way' })
    await bench.pass(20)
    for (const user of ['ada', 'grace']) {
      expect(await bench.heardTypes(user)).toEqual([
        ...['alert.critical', 'alert.critical', 'alert.acknowledged'],
      ])
      expect((await bench.heard(user))[2]?.message).toBe(
        'Acknowledged by ada: It burns (on my way)',
      )
    }
  })

  it('reaches whoever the alert woke by the same ways, though he wants none of them and sleeps', async () => {
    const off = { realtime: false, email: false, sms: false, push: false }
    const always = { ...{ is_enabled: true, timezone: 'UTC', weekly: {}, quiet: null } } as const
    await bench.services.directory.savePreferences('grace', {
      ...{ ...off, quiet_hours: { ...always, mode: 'drop' } },
    })
    const id = await bench.raise()
    await bench.services.alertActions.acknowledge(id, { who: 'ada', note: null })
    await bench.work()
    const every = ['realtime', 'email', 'sms']
    expect(await channelsOf('grace')).toEqual([every, every])
    // Somebody has it in hand: that it is over may wait.
    await bench.services.alertActions.resolve(id, { who: 'ada', note: null })
    await bench.work()
    expect((await channelsOf('grace'))[2]).toEqual([])
    const other = await bench.raise({ source: 'hall 4' })
    await bench.services.alertActions.resolve(other, { who: null, note: null })
    await bench.work()
    expect((await channelsOf('grace')).at(-1)).toEqual(every)
  })

  it('of a critical alert that is not resolved in half an hour brings it back to step one', async () => {
    const id = await bench.raise()
    await bench.pass(6)
    await bench.services.alertActions.acknowledge(id, ada)
    await bench.pass(29)
    expect(await bench.show(id)).toMatchObject({ status: 'acknowledged' })
    await bench.pass(1)
    expect(await bench.show(id)).toMatchObject({
      ...{ status: 'triggered', step: 0, loop: 0, acknowledged: false, acknowledged_by: null },
    })
    expect((await bench.heardTypes('ada')).at(-1)).toBe('alert.critical')
    await bench.pass(5)
    expect(await bench.show(id)).toMatchObject({ step: 1 })
    expect(await bench.history(id)).toContain('returned')
  })

  it('of a warning holds for good, one for an hour holds for an hour', async () => {
    const id = await bench.raise({ severity: 'warning' })
    await bench.services.alertActions.acknowledge(id, ada)
    await bench.pass(3 * 1440)
    expect(await bench.show(id)).toMatchObject({ status: 'acknowledged' })
    await bench.services.alertActions.acknowledge(id, ada, 60 * MINUTE_MS)
    await bench.pass(59)
    expect(await bench.show(id)).toMatchObject({ status: 'acknowledged' })
    await bench.pass(1)
    expect(await bench.show(id)).toMatchObject({ status: 'triggered' })
  })

  it('taken back begins the policy again at once', async () => {
    const id = await bench.raise()
    await bench.services.alertActions.acknowledge(id, ada)
    await bench.services.alertActions.unacknowledge(id, ada)
    await bench.work()
    await bench.pass(5)
    expect((await bench.heardTypes('grace')).filter((type) => type === 'alert.critical')).toEqual(
      Array.from({ length: 3 }, () => 'alert.critical'),
    )
    // The end of the acknowledgement that was taken back is nobody's end any more.
    await bench.pass(30)
    expect(await bench.history(id)).not.toContain('returned')
  })

  it('keeps an alert open for ever, however long nothing is heard of it', async () => {
    const id = await bench.raise({ severity: 'warning' })
    await bench.services.alertActions.acknowledge(id, ada)
    await bench.pass(9 * 1440)
    expect(await bench.show(id)).toMatchObject({ status: 'acknowledged' })
  })
})

describe('a person', () => {
  it('snoozes an alert, and it comes back by itself', async () => {
    const id = await bench.raise()
    const until = bench.clock.now() + 60 * MINUTE_MS
    expect(await bench.services.alertActions.snooze(id, ada, until)).toMatchObject({
      status: 'snoozed',
    })
    await bench.pass(59)
    expect(await bench.show(id)).toMatchObject({ status: 'snoozed', next_escalation_at: null })
    expect(await bench.heardTypes('grace')).toEqual(['alert.critical', 'alert.snoozed'])
    await bench.pass(1)
    expect(await bench.show(id)).toMatchObject({ status: 'triggered', snoozed_until: null })
    expect(await bench.heardTypes('grace')).toHaveLength(3)
    const past = bench.services.alertActions.snooze(id, ada, bench.clock.now())
    await expect(past).rejects.toMatchObject({ code: 'invalid_payload' })
  })

  it('escalates at once, also what was acknowledged', async () => {
    const id = await bench.raise()
    await bench.services.alertActions.acknowledge(id, ada)
    const done = await bench.services.alertActions.escalate(id, { who: 'ada', note: 'too big' })
    expect(done).toEqual({ status: 'escalated', alert_id: id, step: 1 })
    await bench.work()
    expect(await bench.show(id)).toMatchObject({ status: 'triggered', step: 1 })
    expect((await channelsOf('grace')).at(-1)).toContain('voice')
    await bench.pass(5)
    expect(await bench.show(id)).toMatchObject({ step: 0, loop: 1 })
  })

  it('resolves, and everybody who was told hears of it, nobody of anything after', async () => {
    const id = await bench.raise()
    await bench.services.alertActions.resolve(id, { who: 'ada', note: null })
    await bench.pass(1000)
    expect(await bench.heardTypes('grace')).toEqual(['alert.critical', 'alert.resolved'])
    expect(await bench.store.depth(0, bench.keys.queue('alert'))).toMatchObject({ scheduled: 0 })
  })

  it('leaves nothing of a resolved alert behind after a day', async () => {
    const id = await bench.raise()
    await bench.services.alertActions.resolve(id, ada)
    await bench.pass(30)
    bench.clock.advance(DAY_MS)
    await expect(bench.show(id)).rejects.toMatchObject({ code: 'not_found' })
    const left: string[] = []
    for await (const { key } of bench.store.keys(`alert:${id}*`)) left.push(key)
    expect(left).toEqual([])
  })
})

describe('a maintenance', () => {
  const announce = (type: 'started' | 'completed') =>
    bench.services.maintenance.announce(
      { type, startsAt: null, durationMinutes: 60, services: ['hall'], message: null },
      { id: null, target: '', idempotencyKey: null, digest: '', packet: null },
    )

  it('keeps an alert quiet until it ends; then its first step is told, and only that', async () => {
    await announce('started')
    const id = await bench.raise({ affectedSystems: ['hall'] })
    await bench.pass(59)
    expect(await bench.heard('ada')).toEqual([])
    await bench.pass(1)
    expect(await bench.heard('ada')).toHaveLength(1)
    expect(await bench.history(id)).toEqual(['triggered', 'silenced', 'notified'])
    await bench.pass(5)
    expect(await bench.heard('ada')).toHaveLength(2)
  })

  it('that ends early lets an alert go on at once', async () => {
    await announce('started')
    await bench.raise({ affectedSystems: ['hall'] })
    await bench.pass(10.5)
    await announce('completed')
    await expect.poll(async () => ((await bench.work()) > 0 ? true : null)).toBe(true)
    expect(await bench.heard('ada')).toHaveLength(1)
  })

  it('that begins between two steps holds the second back', async () => {
    await bench.raise({ affectedSystems: ['hall'] })
    await bench.pass(4)
    await announce('started')
    await bench.pass(50)
    expect(await bench.heard('ada')).toHaveLength(1)
    await bench.pass(10)
    expect(await bench.heard('ada')).toHaveLength(2)
  })
})
