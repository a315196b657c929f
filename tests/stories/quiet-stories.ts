import { expect, it } from 'vitest'
import type { MqttVersion } from '../support/mqtt-device.ts'
import { waitFor } from '../support/wait-for.ts'
import { fresh, type Json, type World } from './world.ts'

/** What keeps alerts quiet, on every door and store: silences, inhibition, groups, flapping. */
export function tellQuiet(version: MqttVersion, world: () => World): void {
  const device = () => world().device(version)
  const http = (method: string, path: string, body?: object) => world().http(method, path, body)
  const raise = (type: string, given: object = {}, severity = 'critical') =>
    device().ask(`notifications/alerts/${severity}/${type}`, { message: 'It burns', ...given })
  const show = (id: string) => http('GET', `/api/alerts/${id}`)
  const onCall = async (type: string) => {
    const user = fresh('on')
    await http('POST', `/api/oncall/${type}`, { members: [user] })
    return user
  }
  const logged = (id: string, what: string) =>
    waitFor(async () => (await show(id)).log.some((entry: Json) => entry.what === what), {
      message: `${id} was not ${what}`,
    })
  const heard = async (user: string) =>
    (await world().inbox(user)).data.map(({ title }: Json) => title).reverse()

  it.concurrent(`[G-11] ${version}: a silenced alert is visible and tells nobody until its silence is ended, then once`, async () => {
    const type = fresh('fire')
    const user = await onCall(type)
    const silence = await http('POST', '/api/silences', {
      ...{ matchers: [`alert_type="${type}"`, 'source=~"hall .*"'], for: '2h' },
      ...{ comment: 'fire drill', created_by: 'ada' },
    })
    expect(silence).toMatchObject({ state: 'active', created_by: 'ada', notify_on_end: true })
    const { alert_id: id } = await raise(type, { source: 'hall 3' })
    const { alert_id: loud } = await raise(type, { source: 'cellar' })
    await logged(id, 'silenced')
    await logged(loud, 'notified')
    expect(await show(id)).toMatchObject({ status: 'triggered', silenced_by: [silence.id] })
    expect(await show(loud)).toMatchObject({ silenced_by: [] })
    expect(await heard(user)).toHaveLength(1)

    expect((await world().service.api('DELETE', `/api/silences/${silence.id}`)).status).toBe(204)
    await logged(id, 'notified')
    expect(await heard(user)).toHaveLength(2)
    expect(await http('GET', `/api/silences/${silence.id}`)).toMatchObject({ state: 'expired' })
    await device().ask(`notifications/alerts/resolve/${id}`, {})
    await waitFor(async () => (await heard(user)).includes(`Resolved: ${type}`))
  })

  it.concurrent(`[G-11] ${version}: a silence that would mean everything, or says not why or how long, is refused`, async () => {
    const refused = async (body: object) =>
      (await world().service.api('POST', '/api/silences', { comment: 'x', for: '1h', ...body }))
        .status
    expect(await refused({ matchers: ['alert_type=fire'], comment: ' ' })).toBe(422)
    expect(await refused({ matchers: ['alert_type=fire'], for: undefined })).toBe(422)
    expect(await refused({ matchers: [] })).toBe(422)
    expect(await refused({ matchers: ['alert_type=~".*"'] })).toBe(422)
    expect(await refused({ matchers: ['alert_type=~"("'] })).toBe(422)
    expect(await refused({ matchers: ['no condition'] })).toBe(422)
    expect(await refused({ matchers: ['a=b'], ends_at: '2020-01-01', for: undefined })).toBe(422)
  })

  it.concurrent(`[S1-059] ${version}: a maintenance is a silence for its services until it is completed`, async () => {
    const [type, system] = [fresh('slow'), fresh('db')]
    const user = await onCall(type)
    const announce = (given: object) =>
      device().ask('notifications/system/maintenance', { services: [system], ...given })
    const { maintenance_id } = await announce({ type: 'started', message: 'new disks' })
    const { alert_id: id } = await raise(type, { affected_systems: [system, 'web'] })
    await logged(id, 'silenced')
    expect((await show(id)).silenced_by).toEqual([maintenance_id])
    expect(await http('GET', `/api/silences/${maintenance_id}`)).toMatchObject({
      ...{ state: 'active', maintenance: true, comment: 'new disks', affected_systems: [system] },
    })
    await announce({ type: 'completed' })
    await world().notification(user)
    await logged(id, 'notified')
  })

  it.concurrent(`${version}: an open alert inhibits others with the same label until it is resolved`, async () => {
    const [power, link, rule] = [fresh('power'), fresh('link'), fresh('rule')]
    const user = await onCall(link)
    await http('POST', '/api/inhibition-rules', {
      ...{ id: rule, name: 'no power, no link', equal: ['hall'] },
      ...{ source_matchers: [`alert_type=${power}`], target_matchers: [`alert_type=${link}`] },
    })
    const { alert_id: source } = await raise(power, { labels: { hall: '3' } })
    const { alert_id: id } = await raise(link, { labels: { hall: '3' } })
    await logged(id, 'inhibited')
    expect(await show(id)).toMatchObject({ inhibited_by: [source] })
    expect(await heard(user)).toEqual([])
    await device().ask(`notifications/alerts/resolve/${source}`, {})
    await logged(id, 'notified')
    expect(await heard(user)).toEqual([`CRITICAL ALERT: ${link}`])
    expect((await world().service.api('DELETE', `/api/inhibition-rules/${rule}`)).status).toBe(204)
  })

  it.concurrent(`${version}: warnings of a group are one message; one that is resolved before its turn is none`, async () => {
    const type = fresh('disk')
    const user = await onCall(type)
    await http('POST', '/api/escalation-policies', {
      ...{ id: type, name: type, alert_types: [type], group_by: ['rack'], group_wait_seconds: 5 },
      steps: [{ targets: [{ type: 'oncall' }] }],
    })
    const disk = (source: string) => raise(type, { source, labels: { rack: '1' } }, 'warning')
    const [sda] = [await disk('sda'), await disk('sdb'), await disk('sdc')]
    await device().ask(`notifications/alerts/resolve/${sda.alert_id}`, {})
    await waitFor(async () => (await heard(user)).length > 0)
    expect(await heard(user)).toEqual([`Warning: 2 alerts (${type})`])
  })

  it.concurrent(`[G-12] ${version}: what flaps is told that it does, and no more`, async () => {
    const type = fresh('door')
    const user = await onCall(type)
    let last = ''
    for (let n = 0; n < 8; n++) {
      const { alert_id: id } = await raise(type, { source: 'gate' })
      await device().ask(`notifications/alerts/resolve/${id}`, {})
      last = id
    }
    await waitFor(async () => (await heard(user)).includes(`Flapping: ${type}`))
    const before = (await heard(user)).filter((title: string) =>
      title.startsWith('CRITICAL'),
    ).length
    expect(before).toBeLessThan(6)
    expect(await show(last)).toMatchObject({ flapping: true, status: 'resolved' })
    const flaps = (await heard(user)).filter((title: string) => title.startsWith('Flapping'))
    expect(flaps).toHaveLength(1)
  })
}
