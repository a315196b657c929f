import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startService, type TestService } from '../support/service.ts'
import { waitFor } from '../support/wait-for.ts'

const BIN = join(import.meta.dirname, '..', '..', 'bin', 'belfry.js')
const run = promisify(execFile)

let service: TestService
beforeAll(async () => {
  service = await startService()
})
afterAll(() => service.stop())

/** What the command line prints. */
async function belfry(...args: string[]): Promise<string> {
  const { stdout } = await run(process.execPath, [BIN, ...args, '--url', service.url])
  return stdout
}

describe('on call over HTTP and the command line', () => {
  it('a schedule with a rotation and an override says who, now and later', async () => {
    const made = await service.api('POST', '/api/schedules', {
      ...{ id: 'ops', name: 'Operations', time_zone: 'Europe/Berlin', alert_types: ['flood'] },
      rules: [
        {
          rotation: {
            ...{ type: 'weekly', starts_at: '2026-01-05T08:00:00Z' },
            participants: ['ada', 'grace'],
          },
        },
      ],
    })
    expect(made.status).toBe(201)
    expect(made.body.rules[0]).toMatchObject({ start: '00:00', rotation: { shift_length: 1 } })
    const who = async (query: string) => (await service.api('GET', `/api/oncall?${query}`)).body
    expect(await who('at=2026-01-06T12:00:00Z')).toMatchObject({
      ...{ at: '2026-01-06T12:00:00.000Z', users: ['ada'] },
      schedules: [{ id: 'ops', name: 'Operations', users: ['ada'] }],
    })
    expect((await who('at=2026-01-13T12:00:00Z&type=flood')).users).toEqual(['grace'])
    expect((await who('at=2026-01-13T12:00:00Z&type=fire')).users).toEqual([])

    const override = await service.api('POST', '/api/schedules/ops/overrides', {
      ...{ type: 'replace', user_id: 'joan', replaces: 'ada' },
      ...{ starts_at: '2099-01-01T00:00:00Z', ends_at: '2100-01-01T00:00:00Z' },
    })
    expect(override.status).toBe(201)
    expect((await who('at=2099-01-02T00:00:00Z')).users).not.toEqual([])
    const path = `/api/schedules/ops/overrides/${override.body.id}`
    expect((await service.api('DELETE', path)).status).toBe(204)
    expect((await service.api('DELETE', path)).status).toBe(404)
    expect((await service.api('GET', '/api/schedules/ops')).body.overrides).toEqual([])

    const printed = await belfry('oncall', '--at', '2026-01-06T12:00:00Z')
    expect(printed).toContain('Operations')
    expect(printed).toContain('ada')
    await belfry('oncall', 'add', 'frost', 'kay')
    expect(JSON.parse(await belfry('oncall', '--json'))).toMatchObject({
      ...{ schedules: [{ id: 'ops' }], sets: [{ type: 'frost', users: ['kay'] }] },
    })
    const all = await belfry('oncall')
    expect(all).toMatch(/SCHEDULES\n.*ops +Operations.*SETS\n.*frost +kay/s)
    await belfry('oncall', 'remove', 'frost', 'kay')
    expect(await belfry('oncall', '--type', 'frost')).toMatch(/SETS\nNothing\./)
    expect((await service.api('DELETE', '/api/schedules/ops')).status).toBe(204)
  })

  it('refuses a schedule that cannot be', async () => {
    const refused = async (given: object) => {
      const answer = await service.api('POST', '/api/schedules', { name: 'x', ...given })
      return answer.status
    }
    expect(await refused({ time_zone: 'Mars/Olympus' })).toBe(422)
    expect(await refused({ rules: [{}] })).toBe(422)
    expect(await refused({ rules: [{ user_id: 'ada', start: '25:00' }] })).toBe(422)
  })

  it('a silence is added, listed and ended from the command line', async () => {
    const matchers = ['alert_type=flood', 'source=~"cellar-.*"']
    const added = JSON.parse(
      await belfry('silences', 'add', ...matchers, '--for', '2h', '--comment', 'pumps', '--json'),
    )
    expect(added).toMatchObject({ state: 'active', comment: 'pumps', affected_systems: [] })
    const times = ['--every', 'mon-fri 22:00-06:00', '--time-zone', 'Europe/Berlin']
    const nights = ['add', 'severity=warning', ...times, '--comment', 'nights', '--no-notice']
    expect(JSON.parse(await belfry('silences', ...nights, '--json'))).toMatchObject({
      ...{ ends_at: null, notify_on_end: false },
      recurrence: { weekdays: [1, 2, 3, 4, 5], start: '22:00', time_zone: 'Europe/Berlin' },
    })
    const printed = await belfry('silences', 'list', '--state', 'active')
    expect(printed).toContain('alert_type="flood" source=~"cellar-.*"')
    await belfry('silences', 'expire', added.id)
    expect(await belfry('silences', 'list', '--state', 'expired')).toContain(added.id)
    await expect(belfry('silences', 'add', 'a=b', '--for', '1h')).rejects.toMatchObject({ code: 2 })
  })

  it('[semantics 4.13] a policy has times in which it tells nobody, and says so of an alert', async () => {
    const day = { start: '00:00', end: '24:00' }
    const policy = (times: object) => ({
      ...{ id: 'night', name: 'Night', alert_types: ['night'] },
      steps: [{ targets: [{ type: 'user', id: 'nina' }] }],
      mute_times: [{ times: [day], time_zone: 'Europe/Berlin', ...times }],
    })
    const make = (times: object) => service.api('POST', '/api/escalation-policies', policy(times))
    const wrong = await make({ times: [{ start: '22:00', end: '06:00' }], day: 1 })
    expect(wrong.status).toBe(422)
    expect(wrong.body.issues).toEqual(
      expect.arrayContaining([
        expect.objectContaining({
          path: 'mute_times.0.times.0.end',
          message: expect.stringContaining('past midnight'),
        }),
      ]),
    )
    expect((await make({})).status).toBe(201)
    const raised = await service.api('POST', '/api/alerts', { type: 'night', message: 'Hush' })
    const show = () => belfry('alerts', 'show', raised.body.alert_id)
    await waitFor(async () => (await show()).includes('policy Night tells nobody at this time'))
    expect((await service.api('GET', '/api/notifications?user_id=nina')).body.data).toEqual([])
    expect((await service.api('DELETE', '/api/escalation-policies/night')).status).toBe(204)
  })

  it('a dry run says who would be told of an alert, what keeps it quiet, and which one it counts on', async () => {
    const topic = 'notifications/alerts/critical/dryrun'
    const test = (payload: object) => belfry('routes', 'test', topic, JSON.stringify(payload))
    const report = { message: 'Dry', source: 'tank-1' }
    await service.api('POST', '/api/oncall/dryrun', { members: ['nina'] })
    expect(await test(report)).toMatch(
      /a new critical alert\n.*“Admins and whoever is on call” tells .*nina/,
    )
    await belfry('silences', 'add', 'source=tank-1', '--for', '1h', '--comment', 'being cleaned')
    expect(await test(report)).toMatch(/but not now: silence \S+ until \S+: being cleaned/)
    expect((await service.api('GET', '/api/alerts?type=dryrun')).body.data).toEqual([])
    const raised = await service.api('POST', '/api/alerts', { type: 'dryrun', ...report })
    expect(await test(report)).toContain(
      `counted on alert ${raised.body.alert_id}, which is triggered`,
    )
    expect(await test({ source: 'tank-1', action: 'resolve' })).toContain(
      'would resolve the open alert',
    )
  })

  it('[semantics 4.13] routes of alerts choose the policy by label, source and severity', async () => {
    await service.api('POST', '/api/escalation-policies', {
      ...{ id: 'power', name: 'Power people', alert_types: ['none'] },
      steps: [{ targets: [{ type: 'user', id: 'tesla' }] }],
    })
    const put = (body: object) => service.api('PUT', '/api/alert-routes', body)
    const saved = await put({ routes: [{ matchers: ['team="power"'], policy: 'power' }] })
    expect(saved.status).toBe(200)
    expect((await service.api('GET', '/api/alert-routes')).body).toEqual(saved.body)
    const report = { message: 'No power', source: 'mains', labels: { team: 'power' } }
    const printed = await belfry(
      ...['routes', 'test', 'notifications/alerts/critical/outage', JSON.stringify(report)],
    )
    expect(printed).toContain('policy “Power people” tells tesla')
    const raised = await service.api('POST', '/api/alerts', { type: 'outage', ...report })
    const shown = await service.api('GET', `/api/alerts/${raised.body.alert_id}`)
    expect(shown.body).toMatchObject({ policy: 'power' })

    const unknown = await put({ routes: [{ policy: 'nobody' }] })
    expect([unknown.status, unknown.body.detail]).toEqual([
      ...[422, expect.stringContaining('There is no escalation policy nobody')],
    ])
    const deep = [{ routes: [{ routes: [{ routes: [{ routes: [{}] }] }] }] }]
    const tooDeep = await put({ routes: deep })
    expect(tooDeep.status).toBe(422)
    expect(JSON.stringify(tooDeep.body)).toContain('at most 4 levels')
    expect((await put({ routes: [{ matchers: ['team=~"("'] }] })).status).toBe(422)
    expect((await put({ routes: [] })).body).toEqual({ routes: [] })
    expect((await service.api('DELETE', '/api/escalation-policies/power')).status).toBe(204)
  })

  it('a policy decides who is told; alerts are snoozed and escalated by hand', async () => {
    const step = (id: string) => ({ targets: [{ type: 'user', id }], delay_minutes: 60 })
    const made = await service.api('POST', '/api/escalation-policies', {
      ...{ id: 'pumps', name: 'Pumps', alert_types: ['pump'], steps: [step('ada'), step('joan')] },
    })
    expect(made.status).toBe(201)
    expect((await service.api('GET', '/api/escalation-policies')).body.data).toHaveLength(1)
    const raised = await service.api('POST', '/api/alerts', { type: 'pump', message: 'Stopped' })
    expect(raised.body).toMatchObject({ notified_users: 1 })
    const id = raised.body.alert_id
    const show = async () => (await service.api('GET', `/api/alerts/${id}`)).body
    await waitFor(async () => (await show()).notified)

    const snooze = (body: object) => service.api('POST', `/api/alerts/${id}/snooze`, body)
    expect((await snooze({})).status).toBe(422)
    expect((await snooze({ for: '2h' })).body).toEqual({ status: 'snoozed', alert_id: id })
    expect(await show()).toMatchObject({ status: 'snoozed', next_escalation_at: null })
    // Whoever escalates is obeyed, whatever is silenced.
    await belfry('silences', 'add', 'alert_type=pump', '--for', '1h', '--comment', 'pumps')
    expect(await belfry('alerts', 'escalate', id, '--user', 'ada')).toContain('escalated')
    await waitFor(async () => {
      const inbox = await service.api('GET', '/api/notifications?user_id=joan')
      return inbox.body.data.length === 1
    })
    expect(await show()).toMatchObject({ status: 'triggered', policy: 'pumps', step: 1 })
    expect(await belfry('alerts', 'snooze', id, '--for', '90s')).toContain('snoozed')
    const ack = await service.api('POST', `/api/alerts/${id}/ack`, { for: '1h', user_id: 'ada' })
    expect(ack.body.status).toBe('acknowledged')
    const { acknowledged_until } = await show()
    expect(Date.parse(acknowledged_until)).toBeGreaterThan(Date.now() + 3_500_000)
    expect((await service.api('DELETE', '/api/escalation-policies/pumps')).status).toBe(204)
  })

  it('a person says how he hears of alerts, and proves his telephone', async () => {
    await service.api('PUT', '/api/users/kay', { phone: '+12025550123' })
    const rules = [{ channel: 'sms', delay_minutes: 2, severity: 'critical' }]
    const path = '/api/users/kay/notification-rules'
    expect((await service.api('PUT', path, { rules })).body).toEqual({ rules })
    expect((await service.api('GET', path)).body).toEqual({ rules })
    const methods = '/api/users/kay/contact-methods'
    const unproved = [{ kind: 'phone', address: '+12025550123', verified_at: null }]
    expect((await service.api('GET', methods)).body.data).toEqual(unproved)

    expect((await service.api('POST', methods, { kind: 'phone' })).status).toBe(202)
    const code = await waitFor(async () => {
      const { data } = (await service.api('GET', '/api/outbox?channel=sms')).body
      const texts = data.map(({ text }: { text: string }) => /^\d{6}(?= is your)/.exec(text)?.[0])
      return texts.find((text: string | undefined) => text !== undefined)
    })
    const verified = await service.api('POST', `${methods}/verify`, { kind: 'phone', code })
    expect(verified.body).toEqual({ status: 'verified' })
    expect((await service.api('GET', methods)).body.data[0].verified_at).not.toBeNull()
  })
})
