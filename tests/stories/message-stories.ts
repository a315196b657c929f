import { expect, it } from 'vitest'
import type { MqttVersion } from '../support/mqtt-device.ts'
import { waitFor } from '../support/wait-for.ts'
import { fresh, type Json, type World } from './world.ts'

const to = (user: string) => `notifications/realtime/user/${user}`

/** Messages to one person: how they are shown, kept, replaced, put off and taken back. */
export function tellMessages(version: MqttVersion, world: () => World): void {
  const device = () => world().device(version)

  it.concurrent(`[S1-001 S1-007 S1-033] ${version}: a message is a frame on every open app at once`, async () => {
    const user = fresh('u')
    const apps = [await world().app(user), await world().app(user)]
    const sent = await device().ask(to(user), { message: 'Hello', data: { a: [1, { b: 'c' }] } })
    for (const app of apps) {
      const frame = await app.next('notification')
      expect(frame).toMatchObject({
        ...{ id: sent.notification_id, seq: expect.any(Number), requires_ack: true },
        notification: { id: sent.notification_id, message: 'Hello', data: { a: [1, { b: 'c' }] } },
      })
      expect(frame.notification).toEqual(await world().notification(user))
      await app.close()
    }
  })

  it.concurrent(`[S1-028] ${version}: plain text is the message`, async () => {
    const user = fresh('u')
    await device().publish(to(user), 'The pump {7} is back')
    expect(await world().notification(user)).toMatchObject({
      ...{ message: 'The pump {7} is back', title: 'Notification', priority: 'normal', data: {} },
    })
  })

  it.concurrent(`[S1-028] ${version}: fields that nobody declared are kept in data, the envelope is not`, async () => {
    const user = fresh('u')
    await device().ask(to(user), { message: 'Hello', order: 7, data: { shop: 'x' } })
    expect((await world().notification(user)).data).toEqual({ order: 7, shop: 'x' })
  })

  it.concurrent(`[S1-029 X-14] ${version}: a record says when, as ISO 8601 and as epoch seconds`, async () => {
    const user = fresh('u')
    const before = Date.now() - 1
    await device().ask(to(user), { message: 'Hello' })
    const { created_at, timestamp } = await world().notification(user)
    expect(Date.parse(created_at)).toBeCloseTo(timestamp * 1000, 0)
    expect(timestamp * 1000).toBeGreaterThan(before)
    expect(timestamp * 1000).toBeLessThanOrEqual(Date.now())
  })

  it.concurrent(`[S1-031 X-05] ${version}: the newest hundred are kept, and the unread count is theirs`, async () => {
    const user = fresh('u')
    const numbers = Array.from({ length: 104 }, (_, index) => index + 1)
    for (const number of numbers.slice(0, 4)) {
      await device().ask(to(user), { message: `No. ${number}` })
    }
    await Promise.all(
      numbers.slice(4).map((number) => device().ask(to(user), { message: `No. ${number}` })),
    )
    const { data, unread_count } = await world().inbox(user)
    const kept = data.map(({ message }: Json) => Number(message.slice(4)))
    expect(kept.toSorted((a: number, b: number) => a - b)).toEqual(numbers.slice(4))
    expect(unread_count).toBe(100)
  })

  it.concurrent(`[S0-018] ${version}: collapse_key replaces what is unread, counts it once and moves it up`, async () => {
    const user = fresh('u')
    const app = await world().app(user)
    const about = (message: string) => ({ message, collapse_key: 'pump-7' })
    const first = await device().ask(to(user), about('30 °C'))
    await device().ask(to(user), { message: 'Something else' })
    const second = await device().ask(to(user), about('31 °C'))
    expect(second.notification_id).toBe(first.notification_id)
    const { data, unread_count } = await world().inbox(user)
    expect(data.map(({ message, version }: Json) => [message, version])).toEqual([
      ['31 °C', 2],
      ['Something else', 1],
    ])
    expect(unread_count).toBe(2)
    const updated = await app.next('notification_updated')
    expect(updated.notification).toMatchObject({ id: first.notification_id, message: '31 °C' })
    await app.close()

    await world().http('PUT', '/api/notifications/mark-all-read', {}, user)
    const third = await device().ask(to(user), about('32 °C'))
    expect(third.notification_id).not.toBe(first.notification_id)
  })

  it.concurrent(`[S0-018] ${version}: the mqtt channel publishes the record, and the unread count is retained`, async () => {
    const user = fresh('u')
    await device().listen(`users/${user}/#`)
    const sent = await device().ask(to(user), { message: 'Hello', channels: ['mqtt'] })
    expect(sent.channels).toEqual(['mqtt'])
    const { text } = await device().hears(`users/${user}/inbox`)
    expect(JSON.parse(text)).toMatchObject({ id: sent.notification_id, message: 'Hello' })
    await device().hears(`users/${user}/unread`, (message) => message.text === '1')

    await device().ask(`notifications/inbox/read/${user}`, { all: true })
    await device().hears(`users/${user}/unread`, (message) => message.text === '0')
    const retained = fresh('late')
    await device().client.unsubscribeAsync(`users/${user}/#`)
    await device().listen(`users/${user}/unread`)
    await device().hears(`users/${user}/unread`, (message) => message.retained)
    expect(device().heard(`users/${user}/unread`).at(-1)).toMatchObject({ text: '0' })
    expect(retained).toBeDefined()
  })

  it.concurrent(`[S1-006] ${version}: a message for later comes later; one that is taken back never`, async () => {
    const [user, other] = [fresh('u'), fresh('u')]
    const soon = Date.now() / 1000 + 4
    const kept = await device().ask(to(user), { message: 'Later', send_at: soon })
    const gone = await device().ask(to(other), { message: 'Never', send_at: soon })
    expect(kept).toEqual({
      ...{ status: 'sent', notification_id: kept.notification_id, channels: [] },
      send_at: new Date(Math.round(soon * 1000)).toISOString(),
    })
    expect((await world().inbox(user)).data).toEqual([])
    const cancel = (id: string) => device().ask(`notifications/deliveries/cancel/${id}`, {})
    expect(await cancel(gone.notification_id)).toEqual({ status: 'canceled' })

    const record = await world().notification(user)
    expect(record).toMatchObject({ id: kept.notification_id, message: 'Later' })
    expect(record.timestamp).toBeGreaterThanOrEqual(soon - 0.001)
    expect((await world().inbox(other)).data).toEqual([])
    expect(await cancel(kept.notification_id)).toEqual({ status: 'already_sent' })
    expect(await cancel(gone.notification_id)).toEqual({ status: 'canceled' })
    expect(await cancel(fresh('nothing'))).toMatchObject({ error: { code: 'not_found' } })
  })

  it.concurrent(`[S1-028] ${version}: what has expired is refused, and says so`, async () => {
    const user = fresh('u')
    const past = Date.now() / 1000 - 10
    const reply = await device().ask(to(user), { message: `Late ${user}`, expires_at: past })
    expect(reply).toEqual({
      status: 'error',
      error: { code: 'expired', message: expect.any(String) },
    })
    expect(await world().deadLetter(`Late ${user}`)).toMatchObject({ code: 'expired' })
  })

  it.concurrent(`[S4-003] ${version}: the same idempotency_key has one effect and one reply`, async () => {
    const user = fresh('u')
    const message = { message: 'Once', idempotency_key: fresh('key') }
    const first = await device().ask(to(user), message)
    const again = await Promise.all([1, 2, 3].map(() => device().ask(to(user), message)))
    expect(again).toEqual([first, first, first])
    const other = await device().ask(to(user), { ...message, message: 'Twice' })
    expect(other).toMatchObject({ status: 'error', error: { code: 'idempotency_mismatch' } })
    expect((await world().inbox(user)).data).toHaveLength(1)
  })

  it.concurrent(`[S1-030 S1-038] ${version}: read, it stays a day; unread, a month`, async () => {
    const { redis } = world()
    if (redis === null) return
    const user = fresh('u')
    const sent = await device().ask(to(user), { message: 'Hello' })
    const key = `notification:${sent.notification_id}`
    expect(JSON.parse((await redis.get(key)) ?? '')).toMatchObject({ user_id: user, read: false })
    expect(await redis.ttl(key)).toBeGreaterThan(29 * 86_400)
    expect(await redis.lrange(`user:${user}:notifications`, 0, -1)).toEqual([sent.notification_id])
    expect(await redis.get(`user:${user}:unread_notifications`)).toBe('1')

    await device().ask(`notifications/inbox/read/${user}`, {
      notification_id: sent.notification_id,
    })
    expect(await redis.ttl(key)).toBeLessThanOrEqual(86_400)
    await waitFor(async () => Number(await redis.get(`user:${user}:unread_notifications`)) === 0)
  })
}
