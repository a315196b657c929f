import { expect, it } from 'vitest'
import type { MqttVersion } from '../support/mqtt-device.ts'
import { waitFor } from '../support/wait-for.ts'
import { fresh, type Json, type World } from './world.ts'

/** Messages to groups: who gets them, and what one recipient's failure does to the others. */
export function tellAudiences(version: MqttVersion, world: () => World): void {
  const device = () => world().device(version)
  const groupOf = async (members: readonly string[]) => {
    const group = fresh('g')
    await world().http('POST', `/api/groups/${group}/members`, { members })
    return group
  }
  const done = (id: string) =>
    waitFor(async () => {
      const record = await world().http('GET', `/api/broadcasts/${id}`)
      return record.status === 'done' ? record : null
    })

  it.concurrent(`[S1-042 S1-043 S1-044] ${version}: target_groups reach every member once, with progress`, async () => {
    const users = Array.from({ length: 12 }, (_, n) => `${fresh('m')}-${n}`)
    const [one, two] = [await groupOf(users.slice(0, 8)), await groupOf(users.slice(4))]
    const app = await world().app(users[0]!)
    const reply = await device().ask('notifications/realtime/broadcast', {
      ...{ message: 'All hands', target_groups: [one, two], type: 'drill' },
    })
    expect(reply).toMatchObject({ status: 'broadcast_sent', sent_count: 12 })
    expect(await done(reply.broadcast_id)).toMatchObject({
      ...{ id: reply.broadcast_id, title: 'System Notification', type: 'drill' },
      ...{ target_groups: [one, two], selected: 12, sent_count: 12, failed_count: 0 },
    })
    for (const user of users) {
      const { data, unread_count } = await world().inbox(user)
      expect([data.length, unread_count]).toEqual([1, 1])
      expect(data[0]).toMatchObject({ broadcast_id: reply.broadcast_id, read: false })
    }
    const { notification } = await app.next('notification')
    expect(notification).toMatchObject({ message: 'All hands', user_id: users[0] })
    await app.close()
  })

  it.concurrent(`[S1-045] ${version}: every tenth recipient fails, and nobody else notices`, async () => {
    const { redis } = world()
    if (redis === null) return
    const users = Array.from({ length: 20 }, (_, n) => `${fresh('m')}-${n}`)
    const group = fresh('g')
    await redis.sadd(`group:${group}:members`, ...users, `no/${group}`, `+ ${group}`)
    const topic = `notifications/realtime/group/${group}`
    const reply = await device().ask(topic, { message: 'Hello' })
    expect(reply).toMatchObject({ status: 'group_sent', sent_count: 22 })
    expect(await done(reply.broadcast_id)).toMatchObject({ sent_count: 20, failed_count: 2 })
    for (const user of users) {
      expect((await world().inbox(user)).data).toMatchObject([{ group_id: group }])
    }
    expect(await redis.keys(`user:*${group}*`)).toEqual([])
  })

  it.concurrent(`[S1-010 S1-028] ${version}: a group without members, and plain text to one`, async () => {
    const nobody = `notifications/realtime/group/${fresh('g')}`
    const reply = await device().ask(nobody, { message: 'Anybody?' })
    expect(reply).toMatchObject({ status: 'group_sent', sent_count: 0 })
    const user = fresh('m')
    await device().publish(`notifications/realtime/group/${await groupOf([user])}`, 'Plain words')
    expect((await world().notification(user)).message).toBe('Plain words')
  })

  it.concurrent(`[S1-043] ${version}: one call names users, groups, roles and addresses together`, async () => {
    const [user, member, holder] = [fresh('m'), fresh('m'), fresh('m')]
    const [group, role] = [await groupOf([member, user]), fresh('r')]
    await world().http('PUT', `/api/users/${holder}`, { roles: [role] })
    const address = `${user}@example.com`
    const sent = await world().http('POST', '/api/notifications', {
      to: [`user:${user}`, `group:${group}`, `role:${role}`, { email: address }],
      message: 'Together',
    })
    expect(sent.notifications.map((one: Json) => one.user_id)).toEqual([user, null])
    expect(sent).toMatchObject({ sent_count: 3, rejected: [] })
    for (const name of [member, holder]) await world().notification(name)
    expect((await world().sent('email', address)).text).toContain('Together')
  })
}

/** To everybody: told alone, because it reaches the people of every other story. */
export function tellEverybody(version: MqttVersion, world: () => World): void {
  it(`[S1-009 S1-043 S1-079] ${version}: a broadcast reaches everybody who was ever named`, async () => {
    const user = fresh('m')
    await world().device(version).ask(`notifications/realtime/user/${user}`, { message: 'Hi' })
    const app = await world().app(user)
    const type = fresh('t')
    const topic = 'notifications/realtime/broadcast'
    const reply = await world().device(version).ask(topic, { message: 'To all', type })
    const { users } = await world().http('GET', '/api/stats')
    expect(reply).toMatchObject({ status: 'broadcast_sent', sent_count: users })
    const record = await waitFor(async () => {
      const found = await world().http('GET', `/api/broadcasts/${reply.broadcast_id}`)
      return found.status === 'done' ? found : null
    })
    expect(record).toMatchObject({ sent_count: users, failed_count: 0, target_groups: [] })
    await app.next('notification', ({ notification }) => (notification as Json).type === type)
    expect((await world().inbox(user)).unread_count).toBe(2)
    await app.close()
  })
}
