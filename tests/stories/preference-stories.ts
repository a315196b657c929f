import { expect, it } from 'vitest'
import type { MqttVersion } from '../support/mqtt-device.ts'
import { fresh, type World } from './world.ts'

const ALL = { priority: 'critical' } as const

/** Which channels a message takes: priority, preferences, what the message names. */
export function tellPreferences(version: MqttVersion, world: () => World): void {
  const device = () => world().device(version)
  const send = async (user: string, fields: object) => {
    const topic = `notifications/realtime/user/${user}`
    return device().ask(topic, { message: 'Hello', ...fields })
  }
  /** Somebody who can be reached in every way. */
  const person = async () => {
    const user = fresh('p')
    await world().http('PUT', `/api/users/${user}`, {
      ...{ email: `${user}@example.com`, phone: '+12025550123' },
      devices: [{ platform: 'android', token: `token-${user}` }],
    })
    return user
  }
  const prefers = (user: string, preferences: object) =>
    world().http('PUT', `/api/users/${user}/preferences`, preferences)

  it.concurrent(`[S1-032] ${version}: without a word everything is on but SMS`, async () => {
    const user = await person()
    expect(await world().http('GET', `/api/users/${user}/preferences`)).toMatchObject({
      ...{ realtime: true, email: true, sms: false, push: true },
    })
  })

  it.concurrent(`[S1-027 S1-033 S1-034 S1-035 S1-036 S1-037 K-06] ${version}: e-mail from high, SMS only for critical`, async () => {
    const user = await person()
    await prefers(user, { sms: true })
    const channelsFor = async (priority: string) => (await send(user, { priority })).channels
    expect(await channelsFor('low')).toEqual(['realtime', 'push'])
    expect(await channelsFor('normal')).toEqual(['realtime', 'push'])
    expect(await channelsFor('high')).toEqual(['realtime', 'email', 'push'])
    expect(await channelsFor('critical')).toEqual(['realtime', 'email', 'sms', 'push'])
    const critical = await world().notification(user, (one) => one.priority === 'critical')
    expect(critical.channels).toEqual(['realtime', 'email', 'sms', 'push'])
    const mail = await world().sent('email', `${user}@example.com`)
    expect(mail).toMatchObject({ subject: 'Notification', user_id: user })
    expect((await world().sent('push', user)).text).toContain('Hello')
  })

  it.concurrent(`[S1-035] ${version}: critical is no reason for an SMS that nobody wants`, async () => {
    const user = await person()
    expect((await send(user, ALL)).channels).toEqual(['realtime', 'email', 'push'])
    const { skipped } = await world().notification(user)
    expect(skipped.sms).toBe('preference')
  })

  it.concurrent(`[S1-033 S1-034 S1-036] ${version}: every channel can be switched off`, async () => {
    const user = await person()
    await prefers(user, { realtime: false, email: false, push: false })
    expect(await send(user, ALL)).toMatchObject({ status: 'sent', channels: [] })
    expect((await world().inbox(user)).unread_count).toBe(1)
  })

  it.concurrent(`[S0-009] ${version}: channels of a message beat its priority, not an opt-out`, async () => {
    const user = await person()
    await prefers(user, { sms: true })
    const low = { priority: 'low', channels: ['mail', 'sms'] }
    expect((await send(user, low)).channels).toEqual(['email', 'sms'])
    await prefers(user, { email: false })
    expect((await send(user, low)).channels).toEqual(['sms'])
    expect((await send(user, { ...ALL, channels: ['database'] })).channels).toEqual([])
  })

  it.concurrent(`[S1-026 K-04] ${version}: a type that somebody muted is filtered`, async () => {
    const user = await person()
    await prefers(user, { muted_types: ['gossip'] })
    const reply = await send(user, { type: 'gossip', message: `Psst ${user}` })
    expect(reply).toMatchObject({ error: { code: 'filtered', reason: 'muted_type' } })
    expect((await world().inbox(user)).data).toEqual([])
    expect(await world().deadLetter(`Psst ${user}`)).toMatchObject({ code: 'filtered' })
  })

  it.concurrent(`[S1-081] ${version}: a whole profile in \`to\` is kept and used from then on`, async () => {
    const user = fresh('p')
    const email = `${user}@example.com`
    const to = {
      user_id: user,
      email,
      phone: '+12025550123',
      locale: 'fr',
      timezone: 'Europe/Paris',
    }
    const sent = await world().http('POST', '/api/notifications', {
      ...{ to, message: 'Bonjour', priority: 'high' },
    })
    expect(sent).toMatchObject({
      notifications: [{ user_id: user, channels: ['realtime', 'email'] }],
      rejected: [],
    })
    const { user_id, ...profile } = to
    expect(await world().http('GET', `/api/users/${user_id}`)).toMatchObject(profile)
    expect((await send(user, { priority: 'high' })).channels).toEqual(['realtime', 'email'])
    expect((await world().sent('email', email)).user_id).toBe(user)
  })

  it.concurrent(`[S1-032] ${version}: preferences and push tokens of an ops script count`, async () => {
    const { redis } = world()
    if (redis === null) return
    const user = fresh('p')
    await redis.set(`user:${user}:notification_preferences`, JSON.stringify({ realtime: false }))
    await redis.sadd(`user:${user}:push_tokens`, `token-${user}`)
    expect((await send(user, {})).channels).toEqual(['push'])
    expect((await world().sent('push', user)).channel).toBe('push')
  })
}
