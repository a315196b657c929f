import { expect, it } from 'vitest'
import type { MqttVersion } from '../support/mqtt-device.ts'
import { waitFor } from '../support/wait-for.ts'
import { fresh, type Json, type World } from './world.ts'

/** What systems say of themselves, and what happened elsewhere. */
export function tellSystems(version: MqttVersion, world: () => World): void {
  const device = () => world().device(version)
  const watcher = async (channel: string) => {
    const app = await world().app(fresh('w'))
    expect(await app.ask({ type: 'subscribe', channel })).toMatchObject({ type: 'result' })
    return app
  }
  const maintenance = (fields: object) => device().ask('notifications/system/maintenance', fields)

  it.concurrent(`[S1-058] ${version}: a status is an event on system-status, the last one is kept`, async () => {
    const component = fresh('db')
    const app = await watcher('system-status')
    for (const status of ['degraded', 'ok']) {
      await device().ask('notifications/system/status', { status, component })
    }
    const frame = await app.next('event', ({ data }) => {
      return (data as Json).component === component && (data as Json).status === 'ok'
    })
    expect(frame).toMatchObject({ channel: 'system-status', event: 'status.updated' })
    const { data } = await world().http('GET', '/api/system')
    const ours = data.filter((one: Json) => one.component === component)
    expect(ours).toMatchObject([{ status: 'ok' }])
    const { error } = await device().ask('notifications/system/status', { component })
    expect(error.issues).toEqual([{ path: 'status', message: 'Status is required' }])
    await app.close()
  })

  it.concurrent(`[S1-059] ${version}: maintenance is announced, silences its services, and ends`, async () => {
    const [service, type] = [fresh('svc'), fresh('fault')]
    const user = fresh('on')
    await world().http('POST', `/api/oncall/${type}`, { members: [user] })
    const app = await watcher('system-maintenance')
    const started = await maintenance({ type: 'started', services: [service], message: 'Disks' })
    const frame = await app.next('event', ({ data }) => {
      return (data as Json).id === started.maintenance_id
    })
    expect(frame).toMatchObject({
      ...{ channel: 'system-maintenance', event: 'maintenance.started' },
      data: { services: [service], duration_minutes: 120, message: 'Disks' },
    })
    await app.close()

    const report = (affected: string) =>
      device().ask(`notifications/alerts/critical/${type}`, {
        ...{ message: `Down ${affected}`, source: affected, affected_systems: [affected] },
      })
    const silent = await report(service)
    const whats = async (id: string) => {
      const { log } = await world().http('GET', `/api/alerts/${id}`)
      return log.map(({ what }: Json) => what)
    }
    await waitFor(async () => (await whats(silent.alert_id)).includes('silenced'))
    await report(fresh('other'))
    await world().notification(user)
    expect((await world().inbox(user)).data).toHaveLength(1)

    await maintenance({ type: 'completed', services: [service] })
    await waitFor(async () => (await world().inbox(user)).data.length === 2)
    await waitFor(async () => (await whats(silent.alert_id)).includes('notified'))
  })

  it.concurrent(`[S1-059] ${version}: scheduled maintenance silences nobody before it starts`, async () => {
    const [service, type] = [fresh('svc'), fresh('fault')]
    const user = fresh('on')
    await world().http('POST', `/api/oncall/${type}`, { members: [user] })
    const starts_at = Math.round(Date.now() / 1000) + 3600
    await maintenance({ type: 'scheduled', starts_at, services: [service] })
    await device().ask(`notifications/alerts/critical/${type}`, {
      ...{ message: 'Down', affected_systems: [service] },
    })
    expect((await world().notification(user)).type).toBe('alert.critical')
    const { error } = await maintenance({ type: 'perhaps' })
    expect(error).toMatchObject({ code: 'invalid_payload', issues: [{ path: 'type' }] })
  })

  it.concurrent(`[S4-006 S4-051] ${version}: events are logged under their dotted name`, async () => {
    const name = `order.${fresh('e')}.shipped`
    const payload = { order: 7, lines: [{ sku: 'a' }], token_count: 3 }
    const { event_id: id } = await device().ask(`events/${name}`, payload)
    const { data } = await world().http('GET', `/api/events?type=${name}`)
    expect(data).toMatchObject([
      { id, type: name, payload, status: expect.stringMatching(/^process|^pending/) },
    ])
    expect(data[0].payload).toEqual(payload)
    const wrong = await device().ask('events/..', {})
    expect(wrong.error.code).toBe('invalid_payload')
    const { redis } = world()
    if (redis === null) return
    expect(await redis.ttl(`event:${id}`)).toBeGreaterThan(71 * 3600)
  })

  it.concurrent(`[S4-003] ${version}: an event with a key happens once, whoever asks for the answer`, async () => {
    const name = `order.${fresh('e')}`
    const event = { order: 7, idempotency_key: fresh('key') }
    const replies = await Promise.all([1, 2, 3].map(() => device().ask(`events/${name}`, event)))
    expect(new Set(replies.map(({ event_id }) => event_id)).size).toBe(1)
    expect((await world().http('GET', `/api/events?type=${name}`)).data).toHaveLength(1)
  })

  it.concurrent(`[S1-003] ${version}: a status of its own process is retained on belfry/status`, async () => {
    await device().listen('belfry/status/+')
    await waitFor(() => statuses().length > 0, { message: 'nobody is online' })
    expect(statuses()[0]).toMatchObject({ retained: true })
    expect(statuses()[0]?.text).toContain('online')

    function statuses() {
      return device().heardUnder('belfry/status/')
    }
  })

  it.concurrent(`[X-09] ${version}: only topics under notifications/replies are answered`, async () => {
    const [user, elsewhere] = [fresh('u'), `elsewhere/${fresh('t')}`]
    await device().listen(elsewhere)
    const message = { message: 'Hello', reply_to: elsewhere, correlation_id: 1 }
    const properties = { responseTopic: elsewhere }
    const options = version === '5' ? { qos: 1 as const, properties } : { qos: 1 as const }
    await device().publish(`notifications/realtime/user/${user}`, message, options)
    await world().notification(user)
    // An answer after it would have come before this one's.
    await device().ask(`notifications/realtime/user/${user}`, { message: 'Again' })
    expect(device().heard(elsewhere)).toEqual([])
  })
}
