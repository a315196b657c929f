import { expect, it } from 'vitest'
import type { MqttVersion } from '../support/mqtt-device.ts'
import { NativeClient } from '../support/native-client.ts'
import { fresh, type Json, type World } from './world.ts'

/** Sessions of devices without a socket, and of apps that come back. */
export function tellSessions(version: MqttVersion, world: () => World): void {
  const device = () => world().device(version)
  const session = (verb: string, user: string, payload: object = {}) =>
    device().ask(`websocket/${verb}/${user}`, payload)
  const tell = (user: string, message: string) =>
    device().ask(`notifications/realtime/user/${user}`, { message })

  it.concurrent(`[S1-074 S1-076 S1-078 X-06] ${version}: keys of a session, and that nothing is left of it`, async () => {
    const user = fresh('s')
    const info = { device_info: { model: 'X1' } }
    const { session_id: id } = await session('connect', user, info)
    expect(id).toMatch(/^[0-9a-f-]{36}$/)
    await tell(user, 'Hello')
    const { redis } = world()
    if (redis !== null) {
      expect(JSON.parse((await redis.get(`websocket:${user}:${id}`)) ?? '')).toMatchObject({
        ...{ user_id: user, session_id: id, device_info: { model: 'X1' } },
        ...{ connected_at: expect.any(Number), last_heartbeat: expect.any(Number) },
      })
      expect(await redis.ttl(`websocket:${user}:${id}`)).toBeGreaterThan(3590)
      expect(await redis.smembers(`websocket:user:${user}:sessions`)).toEqual([id])
      expect(await redis.sismember('websocket:users', user)).toBe(1)
      expect(await redis.llen(`websocket:queue:${user}:${id}`)).toBe(1)
      expect(await redis.ttl(`websocket:queue:${user}:${id}`)).toBeGreaterThan(3590)
    }
    expect(await session('disconnect', user, { session_id: id })).toEqual({
      status: 'disconnected',
    })
    if (redis !== null) {
      expect(await redis.keys(`websocket:*${id}*`)).toEqual([])
      expect(await redis.exists(`websocket:user:${user}:sessions`)).toBe(0)
      expect(await redis.sismember('websocket:users', user)).toBe(0)
    }
    expect(await session('disconnect', user)).toEqual({ status: 'disconnected' })
    const late = await session('heartbeat', user, { session_id: id })
    expect(late.error.code).toBe('not_found')
  })

  it.concurrent(`[S1-075] ${version}: a new session begins with the last ten unread, oldest first`, async () => {
    const user = fresh('s')
    for (let n = 1; n <= 12; n++) await tell(user, `No. ${n}`)
    const newest = (await world().inbox(user)).data[0].id
    await device().ask(`notifications/inbox/read/${user}`, { notification_id: newest })
    const { session_id: id } = await session('connect', user)
    const { messages } = await session('drain', user, { session_id: id, max: 100 })
    const words = messages.map(({ data }: Json) => data.message)
    const pending = Array.from({ length: 12 }, (_, n) => `No. ${n + 1}`)
    expect(pending.slice(0, 11)).toEqual(expect.arrayContaining(words))
    expect(words).toEqual(words.toSorted((a: string, b: string) => +a.slice(4) - +b.slice(4)))
    expect(words.length).toBeLessThanOrEqual(10)
    expect(words).toContain('No. 11')
  })

  it.concurrent(`[S1-077 S1-080] ${version}: a queue is drained in order, in portions, by MQTT or by HTTP`, async () => {
    const user = fresh('s')
    const { session_id: id } = await session('connect', user, { session_id: fresh('sess') })
    for (let n = 1; n <= 5; n++) await tell(user, `No. ${n}`)
    const words = (messages: Json[]) => messages.map(({ data }) => data.message)
    const first = await session('drain', user, { session_id: id, max: 2 })
    expect(words(first.messages)).toEqual(['No. 1', 'No. 2'])
    const path = `/api/sessions/${id}/drain?max=2`
    const second = await world().http('GET', path, undefined, user)
    expect(words(second.messages)).toEqual(['No. 3', 'No. 4'])
    expect(await session('heartbeat', user, { session_id: id })).toMatchObject({ status: 'alive' })
    const third = await session('drain', user, { session_id: id })
    expect(words(third.messages)).toEqual(['No. 5'])
    expect(await session('drain', user, { session_id: id })).toEqual({ messages: [] })
    expect((await session('drain', user, { session_id: 'x', max: 0 })).error).toMatchObject({
      code: 'invalid_payload',
    })
  })

  it.concurrent(`[S4-001 S4-038] ${version}: an app that lost its socket gets what it missed, once`, async () => {
    const user = fresh('s')
    const { client, connected } = await NativeClient.connect(
      world().socketUrl(`user_id=${user}&ack=1`),
    )
    expect(connected).toMatchObject({ resumed: false, unread_count: 0, pending: [] })
    await tell(user, 'Before')
    const before = await client.next('notification')
    client.send({ type: 'ack', up_to: before.seq })
    await client.ask({ type: 'ping' })
    client.cut()
    await tell(user, 'Meanwhile 1')
    await tell(user, 'Meanwhile 2')
    const query = `user_id=${user}&ack=1&session_id=${connected.session_id}`
    const again = await NativeClient.connect(world().socketUrl(query))
    expect(again.connected).toMatchObject({ resumed: true, unread_count: 3 })
    await again.client.next('notification', ({ notification }) => {
      return (notification as Json).message === 'Meanwhile 2'
    })
    const words = again.client.of('notification').map((one) => (one.notification as Json).message)
    expect(words).toEqual(['Meanwhile 1', 'Meanwhile 2'])
    await again.client.close()
  })

  it.concurrent(`[S4-052] ${version}: connected apps are listed`, async () => {
    const user = fresh('s')
    const app = await world().app(user)
    const { data } = await world().http('GET', '/api/connections?limit=100')
    expect(data.filter((one: Json) => one.user_id === user)).toHaveLength(1)
    await app.close()
  })
}
