import { expect, it } from 'vitest'
import type { MqttVersion } from '../support/mqtt-device.ts'
import { waitFor } from '../support/wait-for.ts'
import { openAlertOf } from './topic-table.ts'
import { fresh, type Json, type World } from './world.ts'

const critical = (type: string) => `notifications/alerts/critical/${type}`

/** Alerts: who is told, what is one alert, acknowledging and resolving on every door. */
export function tellAlerts(version: MqttVersion, world: () => World): void {
  const device = () => world().device(version)
  const onCall = async (type: string, preferences: object = {}) => {
    const user = fresh('on')
    await world().http('PUT', `/api/users/${user}`, {
      ...{ email: `${user}@example.com`, phone: '+12025550123' },
      devices: [{ platform: 'ios', token: `token-${user}` }],
    })
    await world().http('PUT', `/api/users/${user}/preferences`, preferences)
    await world().http('POST', `/api/oncall/${type}`, { members: [user] })
    return user
  }
  const show = (id: string) => world().http('GET', `/api/alerts/${id}`)

  it.concurrent(`[S1-049 S1-050 S1-051 S1-052] ${version}: critical reaches whoever is on call by every channel`, async () => {
    const type = fresh('fire')
    const off = { realtime: false, email: false, sms: false, push: false }
    const user = await onCall(type, off)
    const app = await world().app(user)
    const raised = await device().ask(critical(type), { message: 'It burns', source: 'hall 3' })
    expect(raised).toMatchObject({ status: 'critical_alert_sent', notified_users: 1 })

    const frame = await app.next('critical_alert')
    expect(frame).toMatchObject({
      requires_acknowledgment: true,
      alert: { id: raised.alert_id, type, severity: 'critical', message: 'It burns' },
    })
    const mail = await world().sent('email', `${user}@example.com`)
    expect(mail.subject).toBe(`CRITICAL ALERT: ${type}`)
    const text = `CRITICAL: ${type} - It burns`
    await waitFor(async () => {
      return (await world().outboxOf('sms', '+1202')).some((one) => one.text === text)
    })
    expect((await world().sent('push', user)).text).toContain('It burns')
    const record = await world().notification(user)
    expect(record).toMatchObject({
      ...{ priority: 'critical', channels: ['realtime', 'email', 'sms', 'push'] },
      actions: [{ type: 'ack', alert_id: raised.alert_id }],
    })
    await app.close()
  })

  it.concurrent(`[S1-049] ${version}: sets that an ops script fills count`, async () => {
    const { redis } = world()
    if (redis === null) return
    const type = fresh('flood')
    const [one, two] = [fresh('ops'), fresh('ops')]
    await redis.sadd(`oncall:${type}`, one, two, 'not/an id')
    const raised = await device().ask(critical(type), { message: 'Water' })
    expect(raised.notified_users).toBe(3)
    for (const user of [one, two]) await world().notification(user)
    await waitFor(async () => {
      const { log } = await show(raised.alert_id)
      return log.some((entry: Json) => entry.what === 'notified' && entry.why.includes('2 told'))
    })
  })

  it.concurrent(`[S1-028 S1-048] ${version}: plain text on an alert topic is its message`, async () => {
    const type = fresh('smoke')
    await device().publish(critical(type), 'Smoke in hall 3', { qos: 2 })
    expect(await openAlertOf(world(), type)).toMatchObject({ message: 'Smoke in hall 3' })
  })

  it.concurrent(`[S1-048] ${version}: a changing reading of one source is one alert that counts`, async () => {
    const type = fresh('heat')
    const user = await onCall(type)
    const report = (message: string) => device().ask(critical(type), { message, source: 'pump-7' })
    const first = await report('31.2 °C')
    expect(first.is_new).toBe(true)
    const again = await report('31.3 °C')
    expect(again).toMatchObject({ alert_id: first.alert_id, is_new: false, notified_users: 0 })
    expect(await show(first.alert_id)).toMatchObject({ count: 2, message: '31.2 °C' })
    const other = await device().ask(critical(type), { message: '31.2 °C', source: 'pump-8' })
    expect(other.alert_id).not.toBe(first.alert_id)
    await world().notification(user)

    await device().ask(`notifications/alerts/resolve/${first.alert_id}`, {})
    const fourth = await report('33 °C')
    expect(fourth.is_new).toBe(true)
    expect(fourth.alert_id).not.toBe(first.alert_id)
  })

  it.concurrent(`[S1-048] ${version}: a dedup_key of the publisher, a severity as label`, async () => {
    const type = fresh('noise')
    const report = (source: string) =>
      device().ask(`notifications/alerts/warning/${type}`, {
        ...{
          message: 'Loud',
          source,
          dedup_key: 'hall',
          severity: 'fatal',
          labels: { floor: '2' },
        },
      })
    const first = await report('a')
    expect(await report('b')).toMatchObject({ alert_id: first.alert_id, is_new: false })
    expect(await show(first.alert_id)).toMatchObject({
      ...{ severity: 'warning', labels: { severity: 'fatal', floor: '2' }, count: 2 },
    })
  })

  it.concurrent(`[S1-057] ${version}: acknowledged once, resolved once, and what there is none of`, async () => {
    await device().listen('notifications/alerts/updates')
    const raised = await device().ask(critical(fresh('leak')), { message: 'Drip' })
    const ack = () =>
      device().ask(`notifications/alerts/ack/${raised.alert_id}`, { user_id: 'ada', note: 'mine' })
    const resolve = () => device().ask(`notifications/alerts/resolve/${raised.alert_id}`, {})
    const alert_id = raised.alert_id
    expect(await ack()).toEqual({ status: 'acknowledged', alert_id })
    expect(await ack()).toEqual({ status: 'already_acknowledged', alert_id })
    expect(await resolve()).toEqual({ status: 'resolved', alert_id })
    expect(await ack()).toMatchObject({ status: 'error', error: { code: 'already_resolved' } })
    expect(await resolve()).toMatchObject({ error: { code: 'already_resolved' } })
    const unknown = `notifications/alerts/ack/${fresh('none')}`
    expect(await device().ask(unknown, {})).toMatchObject({ error: { code: 'not_found' } })

    for (const event of ['triggered', 'acknowledged', 'resolved']) {
      await device().hears('notifications/alerts/updates', ({ text }) => {
        const news = JSON.parse(text)
        return news.event === event && news.alert.id === alert_id
      })
    }
    const { log } = await show(alert_id)
    const words = log.map(({ what }: Json) => what)
    expect(words).toEqual(expect.arrayContaining(['triggered', 'acknowledged', 'resolved']))
  })

  it.concurrent(`[S1-057 K-07] ${version}: a payload may acknowledge and close what it reported`, async () => {
    const type = fresh('door')
    const report = { message: 'Open', source: 'gate 4' }
    const { alert_id } = await device().ask(critical(type), report)
    const act = (action: string) => device().ask(critical(type), { source: 'gate 4', action })
    expect(await act('ack')).toEqual({ status: 'acknowledged', alert_id })
    expect(await act('acknowledge')).toEqual({ status: 'already_acknowledged', alert_id })
    expect(await act('close')).toEqual({ status: 'resolved', alert_id })
    expect(await act('resolve')).toEqual({ status: 'resolved', alert_id: null })
    expect(await act('ack')).toMatchObject({ error: { code: 'not_found' } })
  })

  it.concurrent(`[S1-057] ${version}: plain words and no words acknowledge too`, async () => {
    const [one, two] = await Promise.all(
      ['Words', 'Nothing'].map(async (message) => {
        return (await device().ask(critical(fresh('door')), { message })).alert_id
      }),
    )
    await device().publish(`notifications/alerts/ack/${one}`, 'I am on my way')
    await device().publish(`notifications/alerts/ack/${two}`, '')
    for (const id of [one, two]) await waitFor(async () => (await show(id)).acknowledged)
    const { log } = await show(one)
    expect(log.find(({ what }: Json) => what === 'acknowledged').why).toBe('I am on my way')
  })

  it.concurrent(`[S1-057] ${version}: a browser acknowledges on its socket, a script by HTTP`, async () => {
    const type = fresh('gas')
    const user = await onCall(type)
    const app = await world().app(user)
    const { alert_id: id } = await device().ask(critical(type), { message: 'Gas' })
    await app.next('critical_alert')
    expect(await app.ask({ type: 'ack_alert', id, note: 'coming' })).toMatchObject({
      ...{ type: 'result', status: 'acknowledged', alert_id: id },
    })
    expect(await show(id)).toMatchObject({ acknowledged_by: user, status: 'acknowledged' })
    const post = (action: string) => world().http('POST', `/api/alerts/${id}/${action}`, {}, user)
    expect(await post('unack')).toMatchObject({ status: 'triggered' })
    expect(await post('ack')).toMatchObject({ status: 'acknowledged' })
    expect(await post('resolve')).toMatchObject({ status: 'resolved' })
    await app.close()
  })

  it.concurrent(`[S1-048 X-07] ${version}: an open alert has no end, a resolved one has a day`, async () => {
    const { redis } = world()
    if (redis === null) return
    const { alert_id: id } = await device().ask(critical(fresh('ice')), { message: 'Cold' })
    expect(JSON.parse((await redis.get(`alert:${id}`)) ?? '')).toMatchObject({ id })
    expect(await redis.ttl(`alert:${id}`)).toBe(-1)
    expect(await redis.lpos('alerts:critical', id)).not.toBeNull()
    expect(await redis.zscore('alerts:open', id)).not.toBeNull()
    await device().ask(`notifications/alerts/resolve/${id}`, {})
    expect(await redis.ttl(`alert:${id}`)).toBeGreaterThan(86_000)
    expect(await redis.lpos('alerts:critical', id)).toBeNull()
    expect(await redis.zscore('alerts:open', id)).toBeNull()
  })
}

/** Admins are told of every alert, so this is told alone. */
export function tellAdmins(version: MqttVersion, world: () => World): void {
  it(`[S1-049] ${version}: admins and whoever is on call, once each`, async () => {
    const [admin, both] = [fresh('adm'), fresh('adm')]
    const type = fresh('fire')
    for (const user of [admin, both]) {
      await world().http('PUT', `/api/users/${user}`, { roles: ['admin'] })
    }
    await world().http('POST', `/api/oncall/${type}`, { members: [both, fresh('on')] })
    const raised = await world().device(version).ask(critical(type), { message: 'Fire' })
    expect(raised.notified_users).toBe(3)
    for (const user of [admin, both]) {
      await world().notification(user)
      expect((await world().inbox(user)).data).toHaveLength(1)
      await world().http('PUT', `/api/users/${user}`, { roles: [] })
    }
  })
}
