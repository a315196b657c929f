import { expect, it } from 'vitest'
import type { MqttVersion } from '../support/mqtt-device.ts'
import { fresh, type Json, type World } from './world.ts'

/** What people do with what they were told: on MQTT, by HTTP, on their socket. */
export function tellInboxes(version: MqttVersion, world: () => World): void {
  const device = () => world().device(version)
  const inboxOf = async (messages: readonly string[], fields: object = {}) => {
    const user = fresh('i')
    const ids: Record<string, string> = {}
    for (const message of messages) {
      const topic = `notifications/realtime/user/${user}`
      ids[message] = (await device().ask(topic, { message, ...fields })).notification_id
    }
    return { user, ids }
  }
  const shown = async (user: string, query = '') =>
    (await world().inbox(user, query)).data.map(({ message }: Json) => message)
  const unread = async (user: string) => (await world().inbox(user)).unread_count
  const put = (user: string, id: string | undefined, what: string, body: object = {}) =>
    world().http('PUT', `/api/notifications/${id}/${what}`, body, user)

  it.concurrent(`[S0-067 S1-082] ${version}: newest first, in pages, unread ones alone`, async () => {
    const { user, ids } = await inboxOf(['1', '2', '3', '4', '5'])
    const page = (query: string) =>
      world().http('GET', `/api/notifications?limit=2${query}`, undefined, user)
    const first = await page('')
    expect(first.data.map(({ message }: Json) => message)).toEqual(['5', '4'])
    const second = await page(`&cursor=${first.next_cursor}`)
    expect(second.data.map(({ message }: Json) => message)).toEqual(['3', '2'])
    const last = await page(`&cursor=${second.next_cursor}`)
    expect(last).toMatchObject({ data: [{ message: '1' }], next_cursor: null, unread_count: 5 })
    await put(user, ids['4'], 'read')
    expect(await shown(user, '&unread_only=true')).toEqual(['5', '3', '2', '1'])
  })

  it.concurrent(`[S0-068 S0-069 S1-082] ${version}: read by id and all at once, on MQTT and by HTTP`, async () => {
    const { user, ids } = await inboxOf(['1', '2', '3', '4'])
    const app = await world().app(user)
    const read = (fields: object) => device().ask(`notifications/inbox/read/${user}`, fields)
    expect(await read({ notification_id: ids['1'] })).toEqual({ status: 'read', unread_count: 3 })
    expect(await read({ notification_id: ids['1'] })).toEqual({ status: 'read', unread_count: 3 })
    expect(await put(user, ids['2'], 'read')).toEqual({ status: 'success' })
    expect(await unread(user)).toBe(2)
    const updated = await app.next('notification_updated', ({ id }) => id === ids['2'])
    expect(updated.notification).toMatchObject({ read: true, read_at: expect.any(String) })
    expect((await read({ notification_id: fresh('x') })).error.code).toBe('not_found')
    expect((await read({})).error.issues).toEqual([
      { path: 'notification_id', message: 'notification_id is required, or all: true' },
    ])
    const all = await world().http('PUT', '/api/notifications/mark-all-read', {}, user)
    expect(all).toEqual({ status: 'success' })
    expect(await read({ all: true })).toEqual({ status: 'read', unread_count: 0 })
    expect(await put(user, ids['3'], 'unread')).toEqual({ status: 'success' })
    expect(await unread(user)).toBe(1)
    await app.close()
  })

  it.concurrent(`[S1-082] ${version}: what is another's is not found`, async () => {
    const { user, ids } = await inboxOf(['Mine'])
    const other = fresh('i')
    const reply = await device().ask(`notifications/inbox/read/${other}`, {
      notification_id: ids.Mine,
    })
    expect(reply.error.code).toBe('not_found')
    expect(await unread(user)).toBe(1)
  })

  it.concurrent(`[S0-018] ${version}: archived, snoozed and deleted ones are out of sight and uncounted`, async () => {
    const { user, ids } = await inboxOf(['a', 'b', 'c', 'd'])
    await put(user, ids.a, 'archive')
    await put(user, ids.b, 'snooze', { for_seconds: 600 })
    await world().http('DELETE', `/api/notifications/${ids.c}`, undefined, user)
    expect(await shown(user)).toEqual(['d'])
    expect(await unread(user)).toBe(1)
    expect(await shown(user, '&archived=true')).toEqual(['a'])
    const soon = await world().service.api(
      'PUT',
      `/api/notifications/${ids.d}/snooze`,
      { for_seconds: 5 },
      { 'x-belfry-user': user },
    )
    expect([soon.status, soon.body.code]).toEqual([422, 'invalid_payload'])
    const found = await world().http('GET', `/api/notifications/${ids.b}`, undefined, user)
    expect(Date.parse(found.snoozed_until)).toBeGreaterThan(Date.now() + 590_000)
  })

  it.concurrent(`[S0-018] ${version}: many at once, by id and by filter`, async () => {
    const { user, ids } = await inboxOf(['a', 'b', 'c'], { type: 'news' })
    const bulk = (body: object) => world().http('POST', '/api/notifications/bulk', body, user)
    const two = [ids.a, ids.b, fresh('gone')]
    expect(await bulk({ ids: two, action: 'read' })).toEqual({ status: 'success', changed: 2 })
    expect(await unread(user)).toBe(1)
    expect(await bulk({ filter: { type: 'other' }, action: 'delete' })).toMatchObject({
      changed: 0,
    })
    const unreadOnes = { filter: { unread_only: true }, action: 'archive' }
    expect(await bulk(unreadOnes)).toMatchObject({ changed: 1 })
    expect(await shown(user)).toEqual(['b', 'a'])
    expect(await bulk({ filter: { type: 'news' }, action: 'delete' })).toMatchObject({ changed: 2 })
    expect(await shown(user)).toEqual([])
  })

  it.concurrent(`[S4-051] ${version}: the trace says what became of every channel, and why`, async () => {
    const { user, ids } = await inboxOf(['Hello'], { channels: ['realtime', 'mqtt', 'email'] })
    const path = `/api/notifications/${ids.Hello}/trace`
    const trace = await world().http('GET', path, undefined, user)
    const states = trace.deliveries.map(({ channel, status, reason }: Json) => [
      ...[channel, status, reason].filter(Boolean),
    ])
    expect(states).toContainEqual(['realtime', 'sent'])
    expect(states).toContainEqual(['email', 'skipped', 'no_address'])
  })

  it.concurrent(`[S4-001] ${version}: an app lists, reads and reads all on its socket`, async () => {
    const { user, ids } = await inboxOf(['1', '2', '3'])
    const app = await world().app(user)
    const list = await app.ask({ type: 'list', unread_only: true })
    expect((list.data as Json[]).map(({ message }) => message)).toEqual(['3', '2', '1'])
    const read = await app.ask({ type: 'read', id: ids['2'] })
    expect(read).toMatchObject({ type: 'result', unread_count: 2 })
    expect(await app.ask({ type: 'read_all' })).toMatchObject({ unread_count: 0 })
    expect(await app.ask({ type: 'read', id: 'nothing' })).toMatchObject({
      ...{ type: 'error', code: 'not_found' },
    })
    await app.close()
  })
}
