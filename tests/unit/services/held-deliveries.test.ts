import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Directory } from '../../../services/directory/directory.ts'
import { Memberships } from '../../../services/directory/memberships.ts'
import { ownWork } from '../../../services/notifications/acceptance.ts'
import { messageOf } from '../../../services/notifications/notification-record.ts'
import { NotificationService } from '../../../services/notifications/notification-service.ts'
import { TemplateBody } from '../../../services/templates/template-body.ts'
import type { TemplateService } from '../../../services/templates/template-service.ts'
import { createEventTypes } from '../../../src/bootstrap/event-settings.ts'
import { createTemplates } from '../../../src/bootstrap/templates.ts'
import { MemoryBus } from '../../../src/store/memory-bus.ts'
import { silentLog } from '../../support/delivery.ts'
import { DirectBench } from '../../support/direct-bench.ts'

const HOUR_MS = 3_600_000

let bench: DirectBench
let directory: Directory
let notifications: NotificationService
let templates: TemplateService

beforeEach(async () => {
  bench = new DirectBench()
  directory = new Directory({ ...bench, memberships: new Memberships(bench) })
  const base = { ...bench, bus: new MemoryBus(), log: silentLog }
  const made = createTemplates(base)
  const { templateRenderer } = made
  templates = made.templates
  notifications = new NotificationService({
    ...bench,
    ...createEventTypes(base),
    templates: templateRenderer,
    directory,
    acceptance: bench.acceptance,
    realtime: { publish: () => undefined },
    retention: { notificationTtlMs: HOUR_MS, unreadTtlMs: 0, inboxLimit: 100 },
  })
  await directory.save('ada', { email: 'ada@example.com', timezone: 'Europe/Paris' })
  await directory.savePreferences('ada', {
    quiet_hours: {
      is_enabled: true,
      timezone: null,
      mode: 'hold',
      // The bench's clock says 12:00 UTC, a Monday: 13:00 in Paris.
      quiet: { start: '12:30', end: '15:00', days: ['monday'] },
      weekly: null,
    },
  })
})
afterEach(() => bench.store.close())

const send = (fields: object = {}) => {
  const message = messageOf({ message: 'Hello', priority: 'high', ...fields })
  return notifications.send({ userId: 'ada', message, identity: ownWork })
}

describe('a delivery in quiet hours', () => {
  it('is no work before they are over, and work a minute after at the latest', async () => {
    const { channels, notification_id: id } = await send()
    expect(channels).toEqual(['realtime', 'email'])
    bench.clock.advance(2 * HOUR_MS - 1)
    expect(await bench.jobs('email')).toEqual([])
    bench.clock.advance(60_000)
    expect(await bench.jobs('email')).toMatchObject([{ id: `${id}.email`, to: 'ada@example.com' }])
  })

  it('waits for nothing when the message is critical', async () => {
    await send({ priority: 'critical' })
    expect(await bench.jobs('email')).toHaveLength(1)
  })

  it('does not touch the inbox', async () => {
    const { notification_id: id } = await send()
    expect(await bench.store.list(0, bench.keys.inbox('ada'), 0, -1)).toEqual([id])
  })
})

describe('a template that is marked critical', () => {
  it.each([
    [true, ['realtime', 'email']],
    [false, []],
  ])('%s: overrides what somebody prefers', async (critical, expected) => {
    const message_template = 'Your account was opened elsewhere.'
    await templates.create(TemplateBody.parse({ name: 'security', critical, message_template }))
    await directory.savePreferences('ada', {
      realtime: false,
      email: false,
      muted_types: critical ? ['security'] : [],
    })
    const { channels } = await send({
      template: { name: 'security', params: {}, keepsType: false },
    })
    expect(channels).toEqual(expected)
    expect(await bench.jobs('email')).toHaveLength(critical ? 1 : 0)
  })
})

describe('somebody who does not want it in the inbox', () => {
  it('gets it elsewhere, has nothing unread, and it is kept for its trace', async () => {
    await directory.savePreferences('ada', { types: { news: { database: false } } })
    const { notification_id: id } = await send({ type: 'news', priority: 'critical' })
    expect(await bench.jobs('email')).toHaveLength(1)
    expect(await bench.store.list(0, bench.keys.inbox('ada'), 0, -1)).toEqual([])
    expect(await bench.store.unreadCount(0, '', 'ada')).toBe(0)
    expect(await bench.store.get(0, bench.keys.notification(id))).toContain('"news"')
  })
})

describe('preferences that are saved at the same time', () => {
  it('are all kept', async () => {
    const names = Array.from({ length: 8 }, (_, n) => `type-${n}`)
    await Promise.all(
      names.map((name) => directory.savePreferences('ada', { types: { [name]: { sms: true } } })),
    )
    expect(Object.keys((await directory.preferences('ada')).types).sort()).toEqual(names)
  })
})
