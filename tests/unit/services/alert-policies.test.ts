import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { choosePolicy, type EscalationPolicy } from '../../../services/alerts/escalation-policy.ts'
import type { Rotation } from '../../../services/alerts/rotation.ts'
import type { Schedule } from '../../../services/alerts/schedule.ts'
import { AlertBench } from '../../support/alert-bench.ts'

const policy = (given: Partial<EscalationPolicy>): EscalationPolicy => ({
  ...{ id: 'p', name: 'P', alert_types: [], severities: [], repeat: 0, ack_timeout_minutes: null },
  steps: [{ targets: [{ type: 'user', id: 'ada' }], delay_minutes: 5, channels: null }],
  ...given,
})

const steps = (...users: (string | null)[]): EscalationPolicy['steps'] =>
  users.map((user, index) => ({
    targets: [user === null ? { type: 'group', id: 'nobody' } : { type: 'user', id: user }],
    delay_minutes: (index + 1) * 10,
    channels: null,
  }))

const schedule = (given: Partial<Schedule>): Schedule => ({
  ...{ id: 'nights', name: 'Nights', time_zone: 'UTC', alert_types: [], overrides: [] },
  rules: [{ user_id: 'kay', rotation: null, weekdays: [], start: '00:00', end: '00:00' }],
  ...given,
})

let bench: AlertBench
beforeEach(() => {
  bench = new AlertBench()
})
afterEach(() => bench.store.close())

describe('choosePolicy()', () => {
  it('takes the one that says most about the alert', () => {
    const all = policy({ id: 'all' })
    const loud = policy({ id: 'loud', severities: ['critical'] })
    const fire = policy({ id: 'fire', alert_types: ['fire'] })
    const both = policy({ id: 'both', alert_types: ['fire'], severities: ['critical'] })
    const choice = (
      type: string,
      severity: 'critical' | 'info',
      policies = [all, loud, fire, both],
    ) => choosePolicy(policies, { type, severity }).id
    expect(choice('fire', 'critical')).toBe('both')
    expect(choice('fire', 'info')).toBe('fire')
    expect(choice('flood', 'critical')).toBe('loud')
    expect(choice('flood', 'info')).toBe('all')
    expect(choice('flood', 'info', [fire])).toBe('default')
  })
})

describe('an escalation policy', () => {
  it('tells each step after its own delay, repeats, and is exhausted', async () => {
    await bench.services.directory.save('grace', { roles: ['admin'] })
    await bench.services.policies.create(policy({ steps: steps('ada', 'joan'), repeat: 1 }))
    const id = await bench.raise()
    const heard = async () =>
      [await bench.heard('ada'), await bench.heard('joan')].map((a) => a.length)
    expect(await heard()).toEqual([1, 0])
    await bench.pass(10)
    expect(await heard()).toEqual([1, 1])
    await bench.pass(19)
    expect(await heard()).toEqual([1, 1])
    await bench.pass(1)
    expect(await heard()).toEqual([2, 1])
    await bench.pass(10)
    expect(await heard()).toEqual([2, 2])
    await bench.pass(20)
    expect(await bench.show(id)).toMatchObject({ policy: 'p', exhausted: true })
    expect(await bench.heardTypes('grace')).toEqual(['escalation.exhausted'])
  })

  it('passes over a step with nobody at once, and says so', async () => {
    await bench.services.policies.create(policy({ steps: steps('ada', null, 'joan') }))
    const id = await bench.raise()
    await bench.pass(10)
    expect(await bench.heardTypes('joan')).toEqual(['alert.critical'])
    const { log, step } = await bench.show(id)
    expect(step).toBe(2)
    expect(log.find(({ what }) => what === 'skipped')).toMatchObject({ why: 'nobody in step 1' })
  })

  it('chooses channels and how long an acknowledgement holds', async () => {
    await bench.person('ada')
    const [first] = policy({}).steps
    await bench.services.policies.create(
      policy({ steps: [{ ...first!, channels: ['sms'] }], ack_timeout_minutes: 7 }),
    )
    const id = await bench.raise({ severity: 'critical' })
    expect((await bench.heard('ada'))[0]?.channels).toEqual(['sms'])
    await bench.services.alertActions.acknowledge(id, { who: 'ada', note: null })
    await bench.pass(6.9)
    expect(await bench.show(id)).toMatchObject({ status: 'acknowledged' })
    await bench.pass(0.1)
    expect(await bench.show(id)).toMatchObject({ status: 'triggered' })
  })

  it('pages nobody for an alert that only informs, whatever it says', async () => {
    await bench.person('ada')
    await bench.services.directory.savePreferences('ada', { sms: true })
    const [first] = policy({}).steps
    const channels = ['sms', 'voice', 'email'] as const
    await bench.services.policies.create(policy({ steps: [{ ...first!, channels }] }))
    await bench.raise({ severity: 'info' })
    await bench.pass(0.5)
    expect((await bench.heard('ada'))[0]?.channels).toEqual(['email'])
  })

  it('that is changed or deleted while an alert is open counts from the next step on', async () => {
    await bench.onCall('fire', 'kay')
    await bench.services.policies.create(policy({ steps: steps('ada', 'joan') }))
    await bench.raise()
    await bench.services.policies.change('p', (old) => ({ ...old, steps: steps('ada', 'edith') }))
    await bench.pass(10)
    expect(await bench.heard('edith')).toHaveLength(1)
    expect(await bench.heard('joan')).toEqual([])
    await bench.services.policies.remove('p')
    await bench.pass(20)
    expect(await bench.heard('kay')).toHaveLength(1)
  })
})

describe('a schedule', () => {
  it('stands beside the set that scripts fill', async () => {
    await bench.services.schedules.create(schedule({}))
    await bench.onCall('fire', 'ada')
    expect(await bench.services.onCall.forType('fire')).toEqual(['ada', 'kay'])
    await bench.raise()
    for (const user of ['ada', 'kay']) expect(await bench.heard(user)).toHaveLength(1)
  })

  it('answers for its types of alert, or only where a policy names it', async () => {
    const { schedules, onCall, policies } = bench.services
    await schedules.create(schedule({ alert_types: ['flood'] }))
    expect(await onCall.forType('fire')).toEqual([])
    expect(await onCall.forType('flood')).toEqual(['kay'])
    await schedules.change('nights', (old) => ({ ...old, alert_types: null }))
    expect(await onCall.forType('flood')).toEqual([])
    const targets = [{ type: 'schedule', id: 'nights' } as const]
    await policies.create(policy({ steps: [{ targets, delay_minutes: 5, channels: null }] }))
    await bench.raise()
    expect(await bench.heard('kay')).toHaveLength(1)
  })

  it('hands over between two steps: the second reaches the next person', async () => {
    const starts_at = new Date(bench.clock.now() + 3 * 60_000 - 86_400_000).toISOString()
    const rotation: Rotation = {
      ...{ type: 'daily' as const, shift_length: 1, starts_at, participants: ['ada', 'joan'] },
    }
    const [rule] = schedule({}).rules
    await bench.services.schedules.create(
      schedule({ rules: [{ ...rule!, user_id: null, rotation }] }),
    )
    await bench.raise()
    await bench.pass(5)
    expect(await bench.heard('ada')).toHaveLength(1)
    expect(await bench.heard('joan')).toHaveLength(1)
  })

  it('says who is on call at another moment', async () => {
    const rules = [{ user_id: 'kay', rotation: null, weekdays: [6], start: '00:00', end: '00:00' }]
    await bench.services.schedules.create(schedule({ rules }))
    const view = (time: string) => bench.services.onCall.view({ at: Date.parse(time), type: null })
    expect((await view('2026-01-10T12:00:00Z')).users).toEqual(['kay'])
    expect((await view('2026-01-11T12:00:00Z')).users).toEqual([])
  })

  it('says who was put on call for which type, as long as somebody is', async () => {
    const { onCall, memberships } = bench.services
    await bench.onCall('fire', 'kay', 'ada')
    await bench.onCall('flood', 'joan')
    const view = (type: string | null) => onCall.view({ at: bench.clock.now(), type })
    const [fire, flood] = [
      { type: 'fire', users: ['ada', 'kay'] },
      { type: 'flood', users: ['joan'] },
    ]
    expect(await view(null)).toMatchObject({ users: ['ada', 'joan', 'kay'], sets: [fire, flood] })
    expect(await view('flood')).toMatchObject({ users: ['joan'], sets: [flood] })
    expect((await view('frost')).sets).toEqual([])
    await memberships.setOnCall('fire', ['ada', 'kay'], false)
    expect((await view(null)).sets).toEqual([flood])
    expect(await bench.store.members(0, bench.keys.onCallTypes())).toEqual(['flood'])
  })

  it('lists a type that is emptied and filled at once, whoever comes last', async () => {
    const { memberships } = bench.services
    for (let turns = 0; turns < 40; turns++) {
      await memberships.setOnCall('fire', ['ada'], true)
      const emptied = memberships.setOnCall('fire', ['ada'], false)
      for (let left = turns % 10; left > 0; left--) await new Promise(setImmediate)
      await Promise.all([emptied, memberships.setOnCall('fire', ['kay'], true)])
      expect(await memberships.onCallSets()).toEqual([{ type: 'fire', users: ['kay'] }])
      await memberships.setOnCall('fire', ['kay'], false)
    }
  })
})

describe('Documents', () => {
  it('refuses a second one of the same id, and knows what is not there', async () => {
    const { policies } = bench.services
    await policies.create(policy({}))
    await expect(policies.create(policy({}))).rejects.toMatchObject({ code: 'conflict' })
    await policies.remove('p')
    await expect(policies.find('p')).rejects.toMatchObject({ code: 'not_found' })
    await expect(policies.remove('p')).rejects.toMatchObject({ code: 'not_found' })
    expect(await policies.list()).toEqual([])
  })
})
