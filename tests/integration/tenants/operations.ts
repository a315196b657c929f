import { type House, markOf, USER } from './house.ts'

/** Something that a tenant does; everything that it says carries the tenant's mark. */
export type Operation = (house: House, mark: string, n: number) => Promise<unknown>

const SCHEDULE = {
  id: 'ops',
  rules: [
    {
      rotation: { type: 'daily', starts_at: '2026-01-05T08:00:00Z', participants: [USER] },
    },
  ],
}

/** One of every subject, by every door; ids are the same for all tenants. */
export const OPERATIONS: Readonly<Record<string, Operation>> = {
  send: (house, mark) =>
    house.api('POST', '/api/notifications', {
      ...{ to: `user:${USER}`, message: mark, channels: ['email', 'mqtt'], category: mark },
    }),
  sendOnce: (house, mark) =>
    house.api('POST', '/api/notifications', {
      ...{ to: [`user:${USER}`, 'user:u2'], message: mark, idempotency_key: 'the-same' },
    }),
  sendLater: (house, mark) =>
    house.api('POST', '/api/notifications', {
      ...{ to: `user:${USER}`, message: mark, send_at: Date.now() / 1000 + 1 },
    }),
  toEverybody: (house, mark) => house.api('POST', '/api/broadcast', { message: mark }),
  toGroup: async (house, mark) => {
    await house.api('POST', '/api/groups/staff/members', { members: [USER, `${mark}-member`] })
    await house.api('POST', '/api/notifications', { to: 'group:staff', message: mark })
  },
  person: (house, mark) =>
    house.api('PUT', `/api/users/${USER}`, { email: `${mark}@example.org`, name: mark }),
  mute: (house, mark) => house.api('PUT', `/api/users/${USER}/mutes`, { thread: mark }),
  alert: (house, mark) =>
    house.api('POST', '/api/alerts', { type: 'fire', message: mark, source: 'hall' }),
  acknowledge: async (house, mark) => {
    const { body } = await house.api('GET', '/api/alerts')
    const [first] = body.data
    if (first) await house.api('POST', `/api/alerts/${first.id}/ack`, { note: mark })
  },
  resolve: (house, mark) =>
    house.api('POST', '/api/alerts', {
      ...{ type: 'fire', message: mark, source: 'hall', action: 'resolve' },
    }),
  silence: (house, mark) =>
    house.api('POST', '/api/silences', {
      ...{ matchers: [`source="${mark}"`], for: '2h', comment: mark },
    }),
  schedule: (house, mark) => house.api('POST', '/api/schedules', { ...SCHEDULE, name: mark }),
  onCall: (house, mark) => house.api('POST', '/api/oncall/fire', { members: [`${mark}-guard`] }),
  recurrence: (house, mark) =>
    house.api('POST', '/api/recurrences', {
      ...{ to: `user:${USER}`, message: mark, cron: '0 9 * * *', timezone: 'UTC' },
    }),
  recurrenceByClocks: (house, mark) =>
    house.api('POST', '/api/recurrences', {
      ...{ to: ['all'], message: mark, cron: '* * * * * *', send_in_user_timezone: true, count: 1 },
    }),
  triggered: (house, mark) => house.server().trigger('presence-chat.room.1', 'said', { mark }),
  toOneByServer: (house, mark) => house.server().sendToUser(USER, 'said', { mark }),
  template: (house, mark, n) =>
    house.api('POST', '/api/templates', {
      name: `welcome-${n % 3}`,
      title_template: mark,
      message_template: mark,
    }),
  templated: (house, mark, n) =>
    house.api('POST', '/api/notifications', {
      ...{ to: `user:${USER}`, message: mark, template: `welcome-${n % 3}` },
    }),
  event: (house, mark) =>
    house.api('POST', '/api/events', { name: 'order.shipped', payload: { mark } }),
  campaign: (house, mark) =>
    house.api('POST', '/api/events', {
      name: 'security.alert',
      payload: { alert_type: 'login', message: mark, severity: 'high', details: {} },
    }),
  read: (house) => house.api('PUT', '/api/notifications/mark-all-read'),
  refused: (house, mark) =>
    house.api('POST', '/api/notifications', { to: `nobody ${mark}`, message: mark }),
  refusedByMqtt: (house, mark) =>
    house.publish(`notifications/realtime/user/${USER}`, { title: mark }),
  status: (house, mark) =>
    house.publish('notifications/system/status', { status: 'up', message: mark }),
  byMqtt: (house, mark) =>
    house.publish(`notifications/realtime/user/${USER}`, { message: mark, channels: ['mqtt'] }),
  alertByMqtt: (house, mark) =>
    house.publish('notifications/alerts/warning/flood', { message: mark, source: 'cellar' }),
  noRoute: (house, mark) => house.publish('notifications/nowhere', { message: mark }),
  key: (house, mark) => house.api('POST', '/api/keys', { name: mark }),
}

/** Everything that an administrator may look at. */
export const VIEWS: readonly string[] = [
  '/api/notifications',
  '/api/users',
  `/api/users/${USER}`,
  `/api/users/${USER}/data`,
  `/api/users/${USER}/preferences`,
  '/api/groups/staff/members',
  '/api/oncall/fire',
  '/api/oncall',
  '/api/alerts',
  '/api/alerts?status=resolved',
  '/api/silences',
  '/api/schedules',
  '/api/escalation-policies',
  '/api/recurrences',
  '/api/templates',
  '/api/events',
  '/api/outbox',
  '/api/dead-letters',
  '/api/audit',
  '/api/queues',
  '/api/stats',
  '/api/system',
  '/api/connections',
  '/api/keys',
  '/api/me',
]

/** Where one thing of a list is looked at, changed or ended: by another tenant it is not there. */
export const THINGS: readonly (readonly [list: string, method: string, path: string])[] = [
  ['/api/notifications', 'GET', '/api/notifications/{}'],
  ['/api/notifications', 'PUT', '/api/notifications/{}/read'],
  ['/api/notifications', 'GET', '/api/notifications/{}/trace'],
  ['/api/alerts', 'GET', '/api/alerts/{}'],
  ['/api/alerts', 'POST', '/api/alerts/{}/ack'],
  ['/api/silences', 'GET', '/api/silences/{}'],
  ['/api/recurrences', 'GET', '/api/recurrences/{}'],
  ['/api/templates', 'GET', '/api/templates/{}'],
  ['/api/outbox', 'GET', '/api/outbox/{}'],
  ['/api/outbox', 'GET', '/api/deliveries/{}'],
  ['/api/dead-letters', 'GET', '/api/dead-letters/{}'],
  ['/api/dead-letters', 'POST', '/api/dead-letters/{}/replay'],
  ['/api/keys', 'DELETE', '/api/keys/{}'],
]

/** Does one thing, marked. */
export async function perform(house: House, name: string, n: number): Promise<void> {
  await OPERATIONS[name]?.(house, `${markOf(house.tenant)}-${n}`, n)
}
