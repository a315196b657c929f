import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { OutboxProvider } from '../../../services/channels/outbox-provider.ts'
import { Outbox, type OutboxMessage } from '../../../services/deliveries/outbox.ts'
import { Keys } from '../../../src/store/keys.ts'
import { openSqliteStore, type SqliteStore } from '../../../src/store/sqlite/sqlite-store.ts'
import { Delivery, silentLog as log } from '../../support/delivery.ts'
import { FakeClock } from '../../support/fake-clock.ts'

let clock: FakeClock
let store: SqliteStore
let outbox: Outbox

beforeEach(() => {
  clock = new FakeClock()
  store = openSqliteStore({ path: ':memory:', clock, log })
  outbox = new Outbox({ store, keys: new Keys() })
})
afterEach(() => store.close())

function message(n: number, fields: Partial<OutboxMessage> = {}): OutboxMessage {
  return {
    id: `id-${n}`,
    channel: n % 2 === 0 ? 'email' : 'sms',
    to: 'ada@example.com',
    subject: null,
    text: `text ${n}`,
    html: null,
    content: {},
    created_at: new Date(clock.now()).toISOString(),
    user_id: null,
    notification_id: null,
    ...fields,
  }
}

function deliver(channel: string, content: object) {
  const provider = new OutboxProvider({ channel, outbox, clock, from: 'Belfry <b@example.org>' })
  return new Delivery(provider, clock, channel, content)
}

describe('Outbox', () => {
  it('lists the newest first, page by page, each message once', async () => {
    for (let n = 0; n < 130; n++) await outbox.add(message(n))
    const seen: string[] = []
    let cursor: string | null = null
    do {
      const page = await outbox.list({ cursor, limit: 40 })
      seen.push(...page.data.map(({ id }) => id))
      cursor = page.next_cursor
      // What arrives meanwhile moves nothing.
      await outbox.add(message(1000 + seen.length))
    } while (cursor !== null)
    expect(seen).toEqual(Array.from({ length: 130 }, (_, n) => `id-${129 - n}`))
  })

  it('lists one channel alone', async () => {
    for (let n = 0; n < 6; n++) await outbox.add(message(n))
    const first = await outbox.list({ channel: 'sms', limit: 2 })
    expect(first.data.map(({ id }) => id)).toEqual(['id-5', 'id-3'])
    const second = await outbox.list({ channel: 'sms', limit: 2, cursor: first.next_cursor })
    expect(second).toMatchObject({ data: [{ id: 'id-1' }], next_cursor: null })
  })

  it('keeps the newest thousand', async () => {
    for (let n = 0; n < 1003; n++) await outbox.add(message(n))
    await expect(outbox.find('id-2')).rejects.toMatchObject({ code: 'not_found' })
    expect(await outbox.find('id-3')).toMatchObject({ text: 'text 3' })
    expect(await outbox.clear()).toBe(1000)
    expect(await outbox.list({ limit: 5 })).toEqual({ data: [], next_cursor: null })
  })

  it('cuts what is too long to be looked at', async () => {
    const html = 'x'.repeat(300_000)
    await outbox.add(message(1, { html, content: { html } }))
    const found = await outbox.find('id-1')
    expect(found.html!.length).toBeLessThan(70_000)
    expect(found.html).toContain('300000 characters in all')
    expect(found.content).toMatchObject({ omitted: true })
  })
})

describe('OutboxProvider', () => {
  it('keeps a mail as it would have been sent, headers and all', async () => {
    const delivery = deliver('email', {
      to: 'ada@example.com',
      cc: ['bob@example.com'],
      subject: 'Größe',
      body: 'Hello <Ada>',
      attachments: [{ filename: 'a.bin', content: btoa('12345'), content_type: null }],
      unsubscribe_url: 'https://example.org/u/1',
    })
    expect(await delivery.attempt()).toBe('sent')
    expect(delivery.job.history[0]).toMatchObject({ provider: 'outbox', outcome: 'sent' })
    const kept = await outbox.find(delivery.job.id)
    expect(kept).toMatchObject({ channel: 'email', to: 'ada@example.com', subject: 'Größe' })
    expect(kept.text).toContain('Hello <Ada>')
    expect(kept.html).toContain('Hello &lt;Ada&gt;')
    expect(kept.content).toMatchObject({
      cc: ['bob@example.com'],
      attachments: [{ filename: 'a.bin', content_type: null, bytes: 5 }],
      headers: {
        From: 'Belfry <b@example.org>',
        'Message-ID': `<${delivery.job.id}@example.org>`,
        'List-Unsubscribe': '<https://example.org/u/1>',
        Date: new Date(clock.now()).toUTCString().replace('GMT', '+0000'),
      },
    })
  })

  it('fails a mail that could not have been sent', async () => {
    expect(await deliver('email', { to: 'a@b.c, d@e.f', subject: 's', body: 'b' }).attempt()).toBe(
      'failed',
    )
    expect((await outbox.list({ limit: 5 })).data).toEqual([])
  })

  it('counts the parts of a text message', async () => {
    const delivery = deliver('sms', { phone: '+12025550123', message: 'ж'.repeat(71) })
    await delivery.attempt()
    expect(await outbox.find(delivery.job.id)).toMatchObject({
      to: '+12025550123',
      content: { encoding: 'UCS-2', units: 71, segments: 2 },
    })
  })

  it('shows what a webhook would have got, but not where', async () => {
    const url = 'https://hooks.example.com/services/T0/B0/secret'
    const delivery = deliver('slack', { url, title: 'Disk', message: 'full', data: { a: 1 } })
    await delivery.attempt()
    const kept = await outbox.find(delivery.job.id)
    expect(kept).toMatchObject({ to: 'https://hooks.example.com/…', subject: 'Disk', text: 'full' })
    expect(kept.content).toEqual({ title: 'Disk', message: 'full', data: { a: 1 } })
    expect(JSON.stringify(kept)).not.toContain('secret')
  })
})
