import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ownWork } from '../../../services/notifications/acceptance.ts'
import { messageOf } from '../../../services/notifications/notification-record.ts'
import { FlowBench, HOUR_MS } from '../../support/flow-bench.ts'

let bench: FlowBench
beforeAll(() => {
  bench = new FlowBench()
})
afterAll(() => bench.store.close())

describe('[S0-087 G-24] erasing somebody', () => {
  it('leaves no key and no record with his id or an address of his, whatever he used', async () => {
    const { services, clock } = bench
    const user = randomUUID()
    const email = `${user.slice(0, 8)}.person@example.com`
    const phone = '+12025550173'
    await services.directory.save(user, { email, phone, groups: ['ops'], roles: ['admin'] })
    await services.directory.addDevice(user, { platform: 'web', token: `device-of-${user}` })
    await services.directory.savePreferences(user, {
      mutes: { t: null },
      types: { a: { sms: true } },
    })
    await services.sessions.connect(user, { sessionId: 's1' })
    const digest = { windowMs: HOUR_MS, cron: null, key: null, lookBackMs: HOUR_MS }
    const throttle = { limit: 1, windowMs: HOUR_MS, onLimit: 'drop', key: null } as const
    const sentAt = { sendAt: clock.now() + HOUR_MS, tags: ['x'] }
    await bench.send(user, { channels: ['email', 'sms', 'push', 'mqtt'] })
    for (let n = 0; n < 3; n++) await bench.send(user, { type: 'd', digest })
    for (let n = 0; n < 3; n++) await bench.send(user, { type: 't', throttle })
    await bench.send(user, sentAt, { origin: { transaction_id: randomUUID() } })
    await bench.send(user, { collapseKey: 'c' })
    const asked = { retryMs: 60_000, expireMs: HOUR_MS, cancelOn: 'any' } as const
    const { notification_id: id } = await bench.send(user, {
      requireAck: asked,
      fallback: { afterMs: 60_000, unless: 'read', channels: ['email'] },
      actions: [{ type: 'reply', label: 'Answer' }],
    })
    await services.actions.perform(user, id, { index: 0, text: 'hello' })
    await services.inbox.acknowledge(user, id)
    const audience = { everybody: false, users: [user, 'other'], groups: [], roles: [] }
    const message = messageOf({ message: 'to several' })
    await services.broadcasts.announce({ audience, message, identity: ownWork, status: 'sent' })
    const recurring = { cron: '0 9 * * *', timezone: 'UTC', count: null, until: null } as const
    await services.recurrences.create({ ...recurring, audience, message, misfire: 'send' }, ownWork)
    await services.direct.sendTo({ email }, message, ownWork)
    await services.direct.sendTo({ phone }, message, ownWork)
    await services.events.record(
      'user.created',
      { id: user, email },
      { identity: ownWork, sourceUser: user },
    )
    await services.memberships.setOnCall('disk', [user], true)
    await bench.work()

    const { notifications } = await services.personalData.export(user)
    expect(notifications.length).toBeGreaterThan(2)
    expect(await mentions(user, email, phone)).not.toEqual([])
    await services.personalData.erase(user)
    expect(await mentions(user, email, phone)).toEqual([])
    await bench.pass(2 * HOUR_MS)
    expect(await mentions(user, email, phone)).toEqual([])
    await expect(services.directory.find(user)).rejects.toMatchObject({ code: 'not_found' })
  })

  it('with a short id leaves others alone', async () => {
    const { services } = bench
    for (const user of ['7', '77']) {
      await services.directory.save(user, { email: `n${user}@example.com` })
      await bench.send(user, { data: { count: 7, text: 'room 7' } })
    }
    await services.personalData.erase('7')
    expect(await bench.inbox('77')).toMatchObject([{ data: { count: 7 } }])
    expect(await services.directory.find('77')).toMatchObject({ email: 'n77@example.com' })
  })
})

/** Every key that names one of the words, or holds it. */
async function mentions(...words: string[]): Promise<string[]> {
  const found: string[] = []
  for await (const { key, value } of bench.store.keys()) {
    const text = `${key} ${JSON.stringify(value)}`
    if (words.some((word) => text.includes(word)) && !/^audit/.test(key)) found.push(key)
  }
  return found
}
