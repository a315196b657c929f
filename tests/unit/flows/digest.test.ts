import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Digest, Throttle } from '../../../services/flows/flow-fields.ts'
import { DigestField, ThrottleField } from '../../../services/flows/flow-fields.ts'
import { TemplateBody } from '../../../services/templates/template-body.ts'
import { FlowBench, HOUR_MS, MINUTE_MS } from '../../support/flow-bench.ts'

let bench: FlowBench
beforeEach(() => {
  bench = new FlowBench()
})
afterEach(() => bench.store.close())

const digest = (given: object): Digest => DigestField.parse(given)
const throttle = (given: object): Throttle => ThrottleField.parse(given)
const TEN_MINUTES = { window: '10m' }

describe('[S0-074] a digest', () => {
  it('is sent once, when its window ends, with everything that came in it', async () => {
    const replies = []
    for (const n of [1, 2, 3]) {
      replies.push(
        await bench.send('ada', {
          message: `Build ${n}`,
          data: { n },
          digest: digest(TEN_MINUTES),
        }),
      )
      bench.clock.advance(MINUTE_MS)
    }
    const [first] = replies
    expect(replies.map(({ status }) => status)).toEqual(['digested', 'digested', 'digested'])
    expect(new Set(replies.map(({ digest_id }) => digest_id)).size).toBe(1)
    await bench.pass(6 * MINUTE_MS)
    expect(await bench.inbox('ada')).toEqual([])
    await bench.pass(MINUTE_MS)
    const [record, ...others] = await bench.inbox('ada')
    expect(others).toEqual([])
    expect(record).toMatchObject({
      id: first?.digest_id,
      title: 'Notification (3)',
      message: '• Build 3\n• Build 2\n• Build 1',
      data: { total_count: 3, events: [{ payload: { n: 1 } }, { payload: { n: 2 } }, {}] },
    })
    await bench.pass(HOUR_MS)
    expect(await bench.inbox('ada')).toHaveLength(1)
  })

  it('has one group for each value at its key, and one for those without', async () => {
    const options = digest({ ...TEN_MINUTES, key: 'project.id' })
    for (const project of [{ id: 'a' }, { id: 'b' }, { id: 'a' }, {}]) {
      await bench.send('ada', { data: { project }, digest: options })
    }
    await bench.pass(10 * MINUTE_MS)
    const counts = (await bench.inbox('ada')).map(({ data }) => data.total_count)
    expect(counts.sort()).toEqual([1, 1, 2])
  })

  it('keeps users and types apart', async () => {
    await bench.send('ada', { digest: digest(TEN_MINUTES) })
    await bench.send('bob', { digest: digest(TEN_MINUTES) })
    await bench.send('ada', { type: 'news', digest: digest(TEN_MINUTES) })
    await bench.pass(10 * MINUTE_MS)
    expect([await bench.inbox('ada'), await bench.inbox('bob')]).toMatchObject([[{}, {}], [{}]])
  })

  it('with a look-back sends the first at once and collects what follows', async () => {
    const options = digest({ ...TEN_MINUTES, look_back: '30m' })
    const first = await bench.send('ada', { message: 'first', digest: options })
    const second = await bench.send('ada', { message: 'second', digest: options })
    expect([first.status, second.status]).toEqual(['sent', 'digested'])
    await bench.pass(10 * MINUTE_MS)
    expect((await bench.inbox('ada')).map(({ message }) => message)).toEqual(['second', 'first'])
    const third = await bench.send('ada', { digest: options })
    expect(third.status).toBe('digested')
    await bench.pass(HOUR_MS)
    bench.clock.advance(31 * MINUTE_MS)
    expect((await bench.send('ada', { digest: options })).status).toBe('sent')
  })

  it('by cron is sent when the clock of its reader says so, and never empty', async () => {
    await bench.services.directory.save('ada', { timezone: 'America/New_York' })
    // The bench's clock says Monday, 12:00 UTC: 07:00 in New York.
    await bench.send('ada', { digest: digest({ cron: '0 9 * * *' }) })
    await bench.pass(2 * HOUR_MS - 1)
    expect(await bench.inbox('ada')).toEqual([])
    await bench.pass(1)
    expect(await bench.inbox('ada')).toHaveLength(1)
    await bench.pass(48 * HOUR_MS)
    expect(await bench.inbox('ada')).toHaveLength(1)
  })

  it('stores a thousand events and counts on', async () => {
    const options = digest(TEN_MINUTES)
    for (let round = 0; round < 15; round++) {
      const many = Array.from({ length: 70 }, (_, n) =>
        bench.send('ada', { message: `${round}.${n}`, digest: options }),
      )
      await Promise.all(many)
    }
    const { digest_id = '' } = await bench.send('ada', { digest: options })
    expect(await bench.store.length(0, bench.keys.digestEvents(digest_id))).toBe(1000)
    await bench.pass(10 * MINUTE_MS)
    const [record] = await bench.inbox('ada')
    expect(record?.data.total_count).toBe(1051)
  })

  it('asked for by a hundred at once is one, and none is lost', async () => {
    const options = digest(TEN_MINUTES)
    await Promise.all(Array.from({ length: 100 }, () => bench.send('ada', { digest: options })))
    await bench.pass(10 * MINUTE_MS)
    expect(await bench.inbox('ada')).toMatchObject([{ data: { total_count: 100 } }])
  })

  it('leaves nothing behind', async () => {
    await bench.send('ada', { digest: digest({ ...TEN_MINUTES, look_back: '1m' }), tags: ['t'] })
    await bench.send('ada', { digest: digest({ ...TEN_MINUTES, look_back: '1m' }), tags: ['t'] })
    await bench.pass(10 * MINUTE_MS)
    await bench.pass(2 * MINUTE_MS)
    const left = []
    for await (const { key } of bench.store.keys())
      if (/digest|waiting|followup/.test(key)) left.push(key)
    expect(left).toEqual([])
  })

  it('has a trace for each message, that says what it became a part of', async () => {
    const { notification_id, digest_id } = await bench.send('ada', { digest: digest(TEN_MINUTES) })
    expect(await bench.services.traces.find(notification_id)).toMatchObject({
      status: 'merged',
      reason: 'digest',
      into: digest_id,
    })
  })

  it('counts work that is done again once', async () => {
    const id = '019b8e4e-2c00-7c7e-bf0b-0d7a5b3c1a2b'
    const options = digest(TEN_MINUTES)
    const first = await bench.send('ada', { digest: options }, { id })
    expect(await bench.send('ada', { digest: options }, { id })).toEqual(first)
    await bench.pass(10 * MINUTE_MS)
    expect(await bench.inbox('ada')).toMatchObject([{ data: { total_count: 1 } }])
  })

  it('of a template is written in its words', async () => {
    await bench.services.templates.create(
      TemplateBody.parse({
        name: 'comments',
        title_template: '{{ total_count }} comments on {{ doc }}',
        message_template: '{% for e in events %}{{ e.payload.by }} {% endfor %}',
        digest: { window: '10m', key: 'doc' },
      }),
    )
    for (const by of ['bob', 'eve']) {
      const template = { name: 'comments', params: { doc: 'Plan', by }, keepsType: false }
      await bench.send('ada', { template })
    }
    await bench.pass(10 * MINUTE_MS)
    expect(await bench.inbox('ada')).toMatchObject([
      { title: '2 comments on Plan', message: 'bob eve ', template: 'comments' },
    ])
  })
})

describe('a throttle', () => {
  it('lets its limit through in a window and drops the rest, saying why', async () => {
    const options = throttle({ limit: 2, window: '1h' })
    const replies = await Promise.all(
      Array.from({ length: 5 }, () => bench.send('ada', { throttle: options })),
    )
    const states = replies.map(({ status }) => status).sort()
    expect(states).toEqual(['sent', 'sent', 'throttled', 'throttled', 'throttled'])
    expect(await bench.inbox('ada')).toHaveLength(2)
    const dropped = replies.find(({ status }) => status === 'throttled')
    expect(await bench.services.traces.find(dropped!.notification_id)).toMatchObject({
      status: 'dropped',
      reason: 'throttled',
      detail: '2 in 3600 s have been sent',
    })
  })

  it('begins anew when its window, opened by the first, is over', async () => {
    const options = throttle({ window: '10m' })
    const send = async () => (await bench.send('ada', { throttle: options })).status
    expect(await send()).toBe('sent')
    bench.clock.advance(9 * MINUTE_MS)
    expect(await send()).toBe('throttled')
    bench.clock.advance(MINUTE_MS)
    expect(await send()).toBe('sent')
  })

  it('may collect what is over its limit', async () => {
    const options = throttle({ window: '10m', on_limit: 'digest' })
    for (let n = 0; n < 4; n++) await bench.send('ada', { throttle: options })
    await bench.pass(10 * MINUTE_MS)
    const inbox = await bench.inbox('ada')
    expect(inbox).toHaveLength(2)
    expect(inbox[0]?.data.total_count).toBe(3)
  })

  it('does not hold back what overrides preferences', async () => {
    const options = throttle({ window: '10m' })
    const alert = { overridesPreferences: true }
    await bench.send('ada', { throttle: options }, alert)
    await bench.send('ada', { throttle: options }, alert)
    expect(await bench.inbox('ada')).toHaveLength(2)
  })
})

describe('[G-07] quiet hours that collect', () => {
  it('send one message a channel when they are over, and leave the inbox alone', async () => {
    await bench.services.directory.save('ada', { email: 'ada@example.com' })
    await bench.services.directory.savePreferences('ada', {
      quiet_hours: {
        ...{ is_enabled: true, timezone: 'UTC', mode: 'digest', weekly: null },
        quiet: { start: '11:00', end: '14:00', days: ['monday'] },
      },
    })
    for (const message of ['one', 'two']) {
      const sent = await bench.send('ada', { message, channels: ['realtime', 'email'] })
      expect(sent).toMatchObject({ status: 'sent', channels: ['realtime'] })
    }
    expect(await bench.inbox('ada')).toMatchObject([
      { skipped: { email: 'digest' } },
      { skipped: { email: 'digest' } },
    ])
    await bench.pass(2 * HOUR_MS + MINUTE_MS)
    expect(await bench.jobs('email')).toMatchObject([
      { body: '• two\n• one', to: 'ada@example.com' },
    ])
    expect(await bench.inbox('ada')).toHaveLength(2)
  })
})
