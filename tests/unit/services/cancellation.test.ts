import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Cancellation } from '../../../services/deliveries/cancellation.ts'
import { Directory } from '../../../services/directory/directory.ts'
import { Memberships } from '../../../services/directory/memberships.ts'
import { ownWork } from '../../../services/notifications/acceptance.ts'
import { messageOf } from '../../../services/notifications/notification-record.ts'
import { NotificationService } from '../../../services/notifications/notification-service.ts'
import { createEventTypes } from '../../../src/bootstrap/event-settings.ts'
import { createTemplates } from '../../../src/bootstrap/templates.ts'
import { queueKeys } from '../../../src/store/keys.ts'
import { MemoryBus } from '../../../src/store/memory-bus.ts'
import { isoTime } from '../../../src/support/clock.ts'
import { silentLog } from '../../support/delivery.ts'
import { AT_ONCE, DirectBench, PLAIN_MAIL } from '../../support/direct-bench.ts'

const HOUR_MS = 3_600_000

let bench: DirectBench
beforeEach(() => {
  bench = new DirectBench()
})
afterEach(() => bench.store.close())

describe('Cancellation', () => {
  const later = () => ({ ...AT_ONCE, sendAt: bench.clock.now() + HOUR_MS })
  const cancel = (id: string) => new Cancellation(bench).cancel(id)

  it('takes back scheduled mails, text messages and pushes, for good', async () => {
    const service = bench.service
    const ids = [
      (await service.queueEmail({ ...PLAIN_MAIL, ...later() }, ownWork)).email_id,
      (await service.queueSms({ ...later(), phone: '+12025550123', message: 'x' }, ownWork)).sms_id,
      (
        await service.queuePush(
          {
            ...later(),
            platform: 'web',
            tokens: ['t'],
            userId: null,
            title: 'x',
            body: '',
            data: {},
          },
          ownWork,
        )
      ).push_id,
    ]
    for (const id of ids) {
      expect(await cancel(id)).toEqual({ status: 'canceled' })
      expect(await cancel(id)).toEqual({ status: 'canceled' })
    }
    bench.clock.advance(2 * HOUR_MS)
    for (const channel of ['email', 'sms', 'push']) expect(await bench.jobs(channel)).toEqual([])
    const record = await bench.store.get(0, queueKeys.job(bench.keys.queue('email'), ids[0]!))
    expect(JSON.parse(record!)).toMatchObject({ status: 'canceled' })
    expect((await bench.log(bench.keys.mailLog())).map(({ status }) => status)).toEqual([
      'canceled',
      'queued',
    ])
  })

  it('says so when a worker has it already', async () => {
    const { email_id } = await bench.service.queueEmail(PLAIN_MAIL, ownWork)
    await bench.jobs()
    expect(await cancel(email_id)).toEqual({ status: 'already_sent' })
  })

  it('takes a scheduled notification back', async () => {
    const memberships = new Memberships(bench)
    const base = { ...bench, bus: new MemoryBus(), log: silentLog }
    const { templateRenderer } = createTemplates(base)
    const notifications = new NotificationService({
      ...bench,
      ...createEventTypes(base),
      templates: templateRenderer,
      directory: new Directory({ ...bench, memberships }),
      acceptance: bench.acceptance,
      realtime: { publish: () => undefined },
      retention: { notificationTtlMs: HOUR_MS, unreadTtlMs: HOUR_MS, inboxLimit: 100 },
    })
    const message = messageOf({ message: 'later', sendAt: bench.clock.now() + HOUR_MS })
    const sent = await notifications.send({ userId: '42', message, identity: ownWork })
    expect(sent.send_at).toBe(isoTime(bench.clock.now() + HOUR_MS))
    expect(await cancel(sent.notification_id)).toEqual({ status: 'canceled' })
    bench.clock.advance(2 * HOUR_MS)
    expect(await bench.jobs('notification')).toEqual([])
    expect(await bench.store.get(0, bench.keys.scheduled(sent.notification_id))).toBeNull()
  })

  it('says so when a notification is in an inbox already', async () => {
    const id = '019b8e4e-2c00-7c7e-bf0b-0d7a5b3c1a2b'
    await bench.store.commit({ partition: 0, ops: [['set', bench.keys.notification(id), '{}', 0]] })
    expect(await cancel(id)).toEqual({ status: 'already_sent' })
  })

  it('does not know what was never there', async () => {
    await expect(cancel('nothing')).rejects.toMatchObject({ code: 'not_found' })
  })
})
