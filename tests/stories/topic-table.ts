import { expect } from 'vitest'
import type { Device } from '../support/mqtt-device.ts'
import { waitFor } from '../support/wait-for.ts'
import type { Json, World } from './world.ts'

const ID = expect.stringMatching(/^[0-9a-f-]{36}$/)

/** One publish on one topic of contract §3: its exact reply, and what can be seen of it then. */
export interface TopicStory {
  /** The topic's pattern. */
  readonly pattern: string
  /** Lines of the checklist. */
  readonly ids: string
  readonly qos: 0 | 1 | 2
  /** What must be there before; answers with the name that the topic ends with. */
  readonly prepare: (world: World, device: Device, key: string) => Promise<string>
  readonly payload: (key: string, name: string) => object
  readonly reply: (key: string, name: string) => unknown
  readonly effect: (world: World, key: string, name: string) => Promise<void>
}

const asIs = async (_world: World, _device: Device, key: string) => key

/** Two users, named after the key, in a group of its name. */
async function group(world: World, _device: Device, key: string): Promise<string> {
  await world.http('POST', `/api/groups/${key}/members`, { members: [`${key}-1`, `${key}-2`] })
  return key
}

async function onCall(world: World, _device: Device, key: string): Promise<string> {
  await world.http('POST', `/api/oncall/${key}`, { members: [`${key}-on`] })
  return key
}

/** On call, for alerts that do not wait for others of their group. */
async function toldAtOnce(world: World, device: Device, key: string): Promise<string> {
  await world.http('POST', '/api/escalation-policies', {
    ...{ id: key, name: key, alert_types: [key], group_wait_seconds: 0 },
    steps: [{ targets: [{ type: 'oncall' }] }],
  })
  return onCall(world, device, key)
}

async function openAlert(_world: World, device: Device, key: string): Promise<string> {
  const raised = await device.ask(`notifications/alerts/warning/${key}`, { message: 'Hot' })
  return raised.alert_id
}

async function unread(world: World, device: Device, key: string): Promise<string> {
  await device.ask(`notifications/realtime/user/${key}`, { message: 'Read me' })
  await world.notification(key)
  return key
}

async function session(_world: World, device: Device, key: string): Promise<string> {
  await device.ask(`websocket/connect/${key}`, { session_id: key })
  return key
}

async function scheduledMail(_world: World, device: Device, key: string): Promise<string> {
  const inAnHour = Date.now() / 1000 + 3600
  const mail = { to: `${key}@example.com`, subject: 'Later', body: 'Later', send_at: inAnHour }
  return (await device.ask('notifications/email/send', mail)).email_id
}

function alert(level: 'critical' | 'warning' | 'info', ids: string, qos: 0 | 1 | 2): TopicStory {
  return {
    pattern: `notifications/alerts/${level}/{alert_type}`,
    ids,
    qos,
    prepare: level === 'critical' ? onCall : toldAtOnce,
    payload: (key) => ({ message: `Too hot ${key}`, source: 'pump-7', affected_systems: ['p'] }),
    reply: () => ({
      status: `${level}_alert_sent`,
      alert_id: ID,
      notified_users: 1,
      is_new: true,
    }),
    effect: async (world, key) => {
      const found = await openAlertOf(world, key)
      expect(found).toMatchObject({
        ...{ type: key, severity: level, status: 'triggered', acknowledged: false, count: 1 },
        ...{ message: `Too hot ${key}`, source: 'pump-7', affected_systems: ['p'] },
      })
      const told = await world.notification(`${key}-on`)
      expect(told).toMatchObject({ type: `alert.${level}`, data: { alert_id: found.id } })
    },
  }
}

export function openAlertOf(world: World, type: string): Promise<Json> {
  return waitFor(async () => {
    const { data } = await world.http('GET', '/api/alerts?limit=100')
    return data.find((one: Json) => one.type === type)
  })
}

async function isRead(world: World, user: string): Promise<void> {
  await waitFor(async () => (await world.inbox(user)).unread_count === 0)
  expect((await world.notification(user)).read).toBe(true)
}

/** Every topic of contract §3. */
export const TOPICS: readonly TopicStory[] = [
  {
    pattern: 'notifications/realtime/user/{user_id}',
    ids: 'S1-004 S1-008 S1-028 S1-039 S4-004',
    qos: 1,
    prepare: asIs,
    payload: (key) => ({ message: `Hello ${key}` }),
    reply: () => ({ status: 'sent', notification_id: ID, channels: ['realtime'] }),
    effect: async (world, key) => {
      expect(await world.notification(key)).toMatchObject({
        ...{ user_id: key, message: `Hello ${key}`, title: 'Notification', type: 'info' },
        ...{ priority: 'normal', data: {}, read: false, channels: ['realtime'] },
      })
    },
  },
  {
    pattern: 'notifications/realtime/broadcast',
    ids: 'S1-005 S1-009 S1-041 S1-046',
    qos: 1,
    prepare: group,
    payload: (key) => ({ message: `To all ${key}`, target_groups: [key] }),
    reply: () => ({ status: 'broadcast_sent', broadcast_id: ID, sent_count: 2 }),
    effect: async (world, key) => {
      for (const user of [`${key}-1`, `${key}-2`]) {
        expect(await world.notification(user)).toMatchObject({
          ...{ title: 'System Notification', type: 'system', message: `To all ${key}` },
          ...{ broadcast_id: ID, read: false },
        })
      }
    },
  },
  {
    pattern: 'notifications/realtime/group/{group_id}',
    ids: 'S1-010 S1-047 X-02',
    qos: 1,
    prepare: group,
    payload: (key) => ({ message: `Dear group ${key}`, priority: 'low' }),
    reply: () => ({ status: 'group_sent', broadcast_id: ID, sent_count: 2 }),
    effect: async (world, key) => {
      for (const user of [`${key}-1`, `${key}-2`]) {
        const record = await world.notification(user)
        expect(record).toMatchObject({ group_id: key, broadcast_id: ID, priority: 'low' })
      }
    },
  },
  alert('critical', 'S1-011 S1-048 S1-054', 2),
  alert('warning', 'S1-012 S1-055 X-02', 1),
  alert('info', 'S1-013 S1-056 X-02', 0),
  {
    pattern: 'notifications/alerts/ack/{alert_id}',
    ids: 'S1-057 K-07',
    qos: 1,
    prepare: openAlert,
    payload: () => ({ user_id: 'ada', note: 'on it' }),
    reply: (_key, name) => ({ status: 'acknowledged', alert_id: name }),
    effect: async (world, _key, name) => {
      await waitFor(async () => (await world.http('GET', `/api/alerts/${name}`)).acknowledged)
      const found = await world.http('GET', `/api/alerts/${name}`)
      expect(found).toMatchObject({ status: 'acknowledged', acknowledged_by: 'ada' })
      expect(found.log).toContainEqual({
        ...{ at: expect.any(String), what: 'acknowledged', who: 'ada', why: 'on it' },
      })
    },
  },
  {
    pattern: 'notifications/alerts/resolve/{alert_id}',
    ids: 'S1-057',
    qos: 1,
    prepare: openAlert,
    payload: () => ({ user_id: 'ada', note: 'cooled down' }),
    reply: (_key, name) => ({ status: 'resolved', alert_id: name }),
    effect: async (world, _key, name) => {
      const resolved = await waitFor(async () => {
        const found = await world.http('GET', `/api/alerts/${name}`)
        return found.status === 'resolved' ? found : null
      })
      expect(resolved).toMatchObject({ resolved_by: 'ada' })
    },
  },
  {
    pattern: 'notifications/system/status',
    ids: 'S1-003 S1-014 S1-058 X-02',
    qos: 1,
    prepare: asIs,
    payload: (key) => ({ status: 'degraded', component: key, message: 'slow', data: { ms: 900 } }),
    reply: () => ({ status: 'status_updated' }),
    effect: async (world, key) => {
      const known = await waitFor(async () => {
        const { data } = await world.http('GET', '/api/system')
        return data.find(({ component }: Json) => component === key)
      })
      expect(known).toMatchObject({ status: 'degraded', message: 'slow', data: { ms: 900 } })
    },
  },
  {
    pattern: 'notifications/system/maintenance',
    ids: 'S1-003 S1-015 S1-059 X-02',
    qos: 2,
    prepare: onCall,
    payload: (key) => ({ type: 'started', services: [key], duration_minutes: 5 }),
    reply: () => ({ status: 'maintenance_announced', maintenance_id: ID }),
    effect: async (world, key) => {
      const hot = { message: 'Down', affected_systems: [key], type: key }
      const { alert_id: id } = await world.http('POST', '/api/alerts', hot)
      await waitFor(async () => {
        const { log } = await world.http('GET', `/api/alerts/${id}`)
        return log.some(({ what }: Json) => what === 'silenced')
      })
      expect((await world.inbox(`${key}-on`)).data).toEqual([])
    },
  },
  {
    pattern: 'notifications/email/send',
    ids: 'S1-002 S1-016 S1-060 S1-065',
    qos: 2,
    prepare: asIs,
    payload: (key) => ({ to: `${key}@example.com`, subject: `Subject ${key}`, body: 'Words' }),
    reply: () => ({ status: 'email_queued', email_id: ID }),
    effect: async (world, key) => {
      const mail = await world.sent('email', `${key}@example.com`)
      expect(mail).toMatchObject({ subject: `Subject ${key}`, channel: 'email' })
      expect(mail.text).toContain('Words')
    },
  },
  {
    pattern: 'notifications/email/batch',
    ids: 'S1-017 S1-066 S0-074 X-02',
    qos: 2,
    prepare: asIs,
    payload: (key) => ({
      emails: [
        { to: `${key}-1@example.com`, subject: 'One', body: 'First' },
        { to: 'nobody', subject: 'Two', body: 'Second' },
        { to: `${key}-3@example.com`, subject: 'Three', body: 'Third' },
      ],
    }),
    reply: () => ({
      status: 'batch_queued',
      queued: 2,
      rejected: [{ index: 1, errors: [{ path: 'to', message: expect.any(String) }] }],
    }),
    effect: async (world, key) => {
      expect((await world.sent('email', `${key}-1@example.com`)).subject).toBe('One')
      expect((await world.sent('email', `${key}-3@example.com`)).subject).toBe('Three')
    },
  },
  {
    pattern: 'notifications/sms/send',
    ids: 'S1-002 S1-018 S1-068',
    qos: 2,
    prepare: asIs,
    payload: (key) => ({ phone: '+12025550123', message: `Short ${key}` }),
    reply: () => ({ status: 'sms_queued', sms_id: ID }),
    effect: async (world, key) => {
      await waitFor(async () => {
        const texts = await world.outboxOf('sms', '+12025550123')
        return texts.some(({ text }) => text === `Short ${key}`)
      })
    },
  },
  {
    pattern: 'notifications/push/mobile/{platform}',
    ids: 'S1-019 S1-073 X-02',
    qos: 1,
    prepare: async () => 'android',
    payload: (key) => ({ token: `token-${key}`, title: `Title ${key}`, body: 'Ding' }),
    reply: () => ({ status: 'push_queued', push_id: ID, platform: 'android' }),
    effect: async (world, key) => {
      const push = await world.sent('push', `token-${key}`)
      expect(push).toMatchObject({ channel: 'push', subject: `Title ${key}` })
    },
  },
  {
    pattern: 'notifications/inbox/read/{user_id}',
    ids: 'S1-082 S0-018',
    qos: 1,
    prepare: unread,
    payload: () => ({ all: true }),
    reply: () => ({ status: 'read', unread_count: 0 }),
    effect: isRead,
  },
  {
    pattern: 'notifications/deliveries/cancel/{id}',
    ids: 'S1-063',
    qos: 1,
    prepare: scheduledMail,
    payload: () => ({}),
    reply: () => ({ status: 'canceled' }),
    effect: async (world, _key, name) => {
      await waitFor(async () => {
        return (await world.http('GET', `/api/deliveries/${name}`)).status === 'canceled'
      })
    },
  },
  {
    pattern: 'websocket/connect/{user_id}',
    ids: 'S1-020 S1-074',
    qos: 1,
    prepare: asIs,
    payload: (key) => ({ session_id: key, device_info: { model: 'X1' } }),
    reply: (key) => ({ status: 'connected', session_id: key }),
    effect: async (world, key) => {
      await waitFor(async () => (await drain(world, key)) !== null)
    },
  },
  {
    pattern: 'websocket/disconnect/{user_id}',
    ids: 'S1-021 S1-076',
    qos: 1,
    prepare: session,
    payload: (key) => ({ session_id: key }),
    reply: () => ({ status: 'disconnected' }),
    effect: async (world, key) => {
      await waitFor(async () => (await drain(world, key)) === null)
    },
  },
  {
    pattern: 'websocket/heartbeat/{user_id}',
    ids: 'S1-022 S1-077 X-02',
    qos: 0,
    prepare: session,
    payload: (key) => ({ session_id: key }),
    reply: () => ({ status: 'alive', expires_in: 3600 }),
    effect: async (world, key) => expect(await drain(world, key)).toEqual([]),
  },
  {
    pattern: 'websocket/drain/{user_id}',
    ids: 'S1-078 S1-080',
    qos: 1,
    prepare: async (world, device, key) => {
      await session(world, device, key)
      await device.ask(`notifications/realtime/user/${key}`, { message: 'For the queue' })
      return key
    },
    payload: (key) => ({ session_id: key, max: 10 }),
    reply: (key) => ({
      messages: [
        {
          ...{ seq: expect.any(Number), user_id: key, session_id: key, type: 'notification' },
          ...{ timestamp: expect.any(Number) },
          data: expect.objectContaining({ message: 'For the queue', user_id: key }),
        },
      ],
    }),
    effect: async (world, key) => {
      await waitFor(async () => (await drain(world, key))?.length === 0)
    },
  },
  {
    pattern: 'events/{event_name}',
    ids: 'S4-006 S4-051',
    qos: 1,
    prepare: async (_world, _device, key) => `order.${key}`,
    payload: (key) => ({ order: key, total: 12.5 }),
    reply: () => ({ status: 'event_logged', event_id: ID }),
    effect: async (world, key, name) => {
      const event = await waitFor(async () => {
        return (await world.http('GET', `/api/events?type=${name}`)).data[0]
      })
      expect(event).toMatchObject({ type: name, payload: { order: key, total: 12.5 } })
    },
  },
]

/** What waits in the session of the same name as its user; `null`: there is no such session. */
async function drain({ service }: World, key: string): Promise<Json[] | null> {
  const path = `/api/sessions/${key}/drain`
  const answer = await service.api('GET', path, undefined, { 'x-belfry-user': key })
  return answer.status === 404 ? null : answer.body.messages
}
