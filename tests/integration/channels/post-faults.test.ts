import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { discordWebhook } from '../../../services/channels/discord.ts'
import type { Target } from '../../../services/channels/http/target.ts'
import { slackBot, slackWebhook } from '../../../services/channels/slack.ts'
import { webhookTarget } from '../../../services/channels/webhook.ts'
import type { Delivery } from '../../support/delivery.ts'
import { PostBench } from '../../support/post-bench.ts'
import { startDiscord } from '../../support/vendors/discord.ts'
import type { Answer, HttpVendor } from '../../support/vendors/http-vendor.ts'
import { SLACK_TOKEN, startSlack } from '../../support/vendors/slack.ts'
import { RECEIVER_SECRET, startReceiver } from '../../support/vendors/webhook-receiver.ts'
import { waitFor } from '../../support/wait-for.ts'

interface Row {
  readonly channel: string
  start(now: () => number): Promise<HttpVendor>
  target(url: string): Record<string, Target>
  /** The address of a user who is reached, and of one who never will be again. */
  readonly good: (url: string) => string
  readonly gone: (url: string) => string
  /** What the vendor says when the credentials are bad, and what becomes of it. */
  readonly bad: { readonly answer: Answer; readonly reason: RegExp; readonly waits: boolean }
  /** What becomes of a post that went out and was not answered. */
  readonly lost: 'queued' | 'uncertain'
  readonly attempts: number
  /** Seconds between the tries, at least. */
  readonly schedule: readonly number[]
}

const CHAT = { lost: 'uncertain', attempts: 3, schedule: [0.1, 0.1] } as const

const ROWS: readonly Row[] = [
  {
    ...CHAT,
    channel: 'slack',
    start: () => startSlack(),
    target: () => ({ http: slackWebhook() }),
    good: (url) => `${url}/services/T0000/B0000/s3cret`,
    gone: (url) => `${url}/services/T0000/B0000/gone`,
    bad: {
      answer: { status: 403, body: 'invalid_token' },
      reason: /403: invalid_token/,
      waits: false,
    },
  },
  {
    ...CHAT,
    channel: 'slack',
    start: () => startSlack(),
    target: (url) => ({ slack: slackBot({ botToken: SLACK_TOKEN, apiUrl: `${url}/api` }) }),
    good: () => 'slack://C0001',
    gone: () => 'slack://CGONE00',
    bad: {
      answer: { status: 200, body: { ok: false, error: 'invalid_auth' } },
      reason: /bad_credentials: invalid_auth/,
      waits: true,
    },
  },
  {
    ...CHAT,
    channel: 'discord',
    start: (now) => startDiscord({ now }),
    target: () => ({ http: discordWebhook() }),
    good: (url) => `${url}/api/webhooks/1234/s3cret`,
    gone: (url) => `${url}/api/webhooks/1234/gone`,
    bad: {
      answer: { status: 401, body: { message: 'Invalid Webhook Token', code: 50_027 } },
      reason: /401: 50027 Invalid Webhook Token/,
      waits: false,
    },
  },
  {
    channel: 'webhook',
    start: (now) => startReceiver({ now }),
    target: () => ({ http: webhookTarget(() => Promise.resolve([RECEIVER_SECRET])) }),
    good: (url) => `${url}/hook/s3cret`,
    gone: (url) => `${url}/gone/s3cret`,
    bad: { answer: { status: 401, body: 'no' }, reason: /answered 401/, waits: false },
    lost: 'queued',
    attempts: 8,
    schedule: [5, 300, 1800, 7200, 18_000, 36_000, 36_000],
  },
]

describe.each(ROWS)('$channel on a bad day ($good)', (row) => {
  let bench: PostBench
  let vendor: HttpVendor
  let good: string

  beforeEach(async () => {
    let now = () => 0
    vendor = await row.start(() => now())
    bench = new PostBench({ channel: row.channel, targets: row.target(vendor.url) })
    now = () => bench.clock.now()
    good = row.good(vendor.url)
  })
  afterEach(async () => {
    await bench.close()
    await vendor.stop()
  })

  const isTry = ({ outcome }: { readonly outcome: string }) => outcome !== 'postponed'

  /** Tries until the delivery waits no more; answers with the seconds between the tries. */
  async function toTheEnd(delivery: Delivery): Promise<number[]> {
    const waits: number[] = []
    for (let tries = 0; delivery.waiting && tries < 50; tries++) {
      await delivery.attempt()
      const wasTried = delivery.job.history.slice(-1).every(isTry)
      if (delivery.waiting && wasTried) waits.push(delivery.job.send_at - bench.clock.now() / 1000)
    }
    return waits
  }

  it('delivers once on a good one', async () => {
    const delivery = bench.deliver({ url: good })
    await toTheEnd(delivery)
    expect(delivery.job).toMatchObject({ status: 'sent', attempts: 1 })
    expect(vendor.attempts).toBe(1)
  })

  it('429: waits as long as it is told, holds others back, and sends once', async () => {
    vendor.behave({ status: 429, headers: { 'retry-after': '30' }, body: {} })
    const delivery = bench.deliver({ url: good })
    expect(await delivery.attempt()).toBe('queued')
    expect(delivery.job.attempts).toBe(1)
    expect(delivery.job.send_at - bench.clock.now() / 1000).toBeGreaterThanOrEqual(30)
    vendor.behave('normal')
    const other = bench.deliver({ url: good })
    expect(await other.attempt()).toBe('queued')
    expect(other.job).toMatchObject({ attempts: 0, history: [{ outcome: 'postponed' }] })
    expect(vendor.attempts).toBe(1)
    await toTheEnd(delivery)
    await toTheEnd(other)
    expect([delivery.job.status, other.job.status]).toEqual(['sent', 'sent'])
    expect(delivery.job.attempts).toBe(2)
    expect(vendor.posts).toHaveLength(2)
  })

  it('503 for a minute: as many tries as the channel has, none after the end', async () => {
    const backAt = bench.clock.now() + 60_000
    vendor.behave(() => (bench.clock.now() < backAt ? { status: 503 } : 'normal'))
    const delivery = bench.deliver({ url: good })
    const waits = await toTheEnd(delivery)
    const survives = row.attempts > 3
    expect(delivery.job.status).toBe(survives ? 'sent' : 'failed')
    expect(delivery.job.attempts).toBe(3)
    expect(vendor.posts).toHaveLength(survives ? 1 : 0)
    for (const [index, wait] of waits.entries()) {
      // Seconds as a fraction: not exact to the last digit.
      expect(wait).toBeGreaterThan(row.schedule[index]! - 0.001)
    }
  })

  it('503 for ever: fails after its tries, and says with what', async () => {
    vendor.behave({ status: 503, body: 'upstream is down' })
    const delivery = bench.deliver({ url: good })
    const waits = await toTheEnd(delivery)
    expect(delivery.job).toMatchObject({ status: 'failed', attempts: row.attempts })
    expect(vendor.attempts).toBe(row.attempts)
    const tries = delivery.job.history.filter(isTry)
    expect(tries.every(({ reason }) => reason === 'answered 503')).toBe(true)
    for (const [index, step] of row.schedule.entries()) {
      expect(waits[index]).toBeGreaterThan(step - 0.001)
    }
  })

  it('time-out: what may have arrived is sent again only where that does no harm', async () => {
    vendor.behave('hang')
    const delivery = bench.deliver({ url: good })
    const attempt = delivery.attempt()
    await waitFor(() => vendor.attempts === 1)
    bench.clock.advance(15_000)
    expect(await attempt).toBe(row.lost)
    expect(delivery.reasons[0]).toContain('the answer was lost')
  })

  it('reset: the same', async () => {
    vendor.behave('reset')
    const delivery = bench.deliver({ url: good })
    expect(await delivery.attempt()).toBe(row.lost)
    expect(delivery.job.attempts).toBe(1)
    vendor.behave('normal')
    await toTheEnd(delivery)
    expect(vendor.attempts).toBe(row.lost === 'queued' ? 2 : 1)
  })

  it('half an answer: taken is taken', async () => {
    vendor.behave('half')
    const delivery = bench.deliver({ url: good })
    await toTheEnd(delivery)
    // Slack's Web API says in the body alone whether it took a message.
    expect(delivery.job.status).toBe(good.startsWith('slack:') ? 'uncertain' : 'sent')
    expect(vendor.attempts).toBe(1)
  })

  it('away: waits for a day without using a try up', async () => {
    await vendor.stop()
    const delivery = bench.deliver({ url: good })
    for (let tries = 0; tries < 5; tries++) expect(await delivery.attempt()).toBe('queued')
    expect(delivery.job).toMatchObject({
      attempts: 0,
      history: [{ outcome: 'unreachable' }, {}, {}, {}, {}],
    })
    bench.clock.advance(24 * 3_600_000)
    expect(await delivery.attempt()).toBe('failed')
    expect(delivery.job.attempts).toBe(0)
    vendor = await row.start(() => bench.clock.now())
    const later = bench.deliver({ url: row.good(vendor.url) })
    if (!good.startsWith('slack:')) expect(await later.attempt()).toBe('sent')
  })

  it.runIf(row.lost === 'uncertain')(
    'a refusal that is not in the words of the vendor disables nothing',
    async () => {
      for (const status of [403, 404]) {
        vendor.behave({ status, body: '<html>Blocked by the proxy</html>' })
        const delivery = bench.deliver({ url: good })
        await toTheEnd(delivery)
        expect(await bench.disabled(good)).toBeNull()
      }
    },
  )

  it.runIf(row.lost === 'uncertain')(
    'is not taken for having it when a page answers in its place',
    async () => {
      vendor.behave({ status: 200, body: '<html>Please log in</html>' })
      const delivery = bench.deliver({ url: good })
      expect(await delivery.attempt()).toBe('uncertain')
    },
  )

  it('takes a message with a link longer than it may be', async () => {
    const url = `https://example.com/${'ж'.repeat(1900)}`
    const actions = [{ type: 'view', label: 'Open', url }] as const
    const delivery = bench.deliver({ url: good, actions })
    expect(await delivery.attempt(), delivery.reasons[0]).toBe('sent')
  })

  it('permanent: fails at once, and the hook is disabled with the reason', async () => {
    const gone = row.gone(vendor.url)
    const delivery = bench.deliver({ url: gone })
    expect(await delivery.attempt()).toBe('failed')
    expect(delivery.job.attempts).toBe(1)
    expect(delivery.reasons[0]).toMatch(/; hook disabled$/)
    expect(await bench.disabled(gone)).toMatch(/404|410|channel_not_found/)
    const next = bench.deliver({ url: gone })
    expect(await next.attempt()).toBe('skipped')
    expect(next.reasons).toEqual(['hook_disabled'])
    expect(vendor.attempts).toBe(1)
    const moved = bench.deliver({ url: good })
    await toTheEnd(moved)
    expect(moved.job.status).toBe('sent')
  })

  it('bad credentials: said so, not hammered', async () => {
    vendor.behave(row.bad.answer)
    const delivery = bench.deliver({ url: good })
    await delivery.attempt()
    expect(delivery.reasons[0]).toMatch(row.bad.reason)
    expect(delivery.job.status).toBe(row.bad.waits ? 'queued' : 'failed')
    const next = bench.deliver({ url: good })
    await next.attempt()
    expect(next.job.attempts).toBe(row.channel === 'webhook' ? 1 : 0)
    expect(vendor.attempts).toBe(row.channel === 'webhook' ? 2 : 1)
    vendor.behave('normal')
    if (row.bad.waits) await toTheEnd(delivery)
    if (row.bad.waits) expect(delivery.job.status).toBe('sent')
  })

  it('a message that it does not take: fails alone, the hook stays', async () => {
    vendor.behave({ status: 400, body: 'invalid_payload' })
    const delivery = bench.deliver({ url: good })
    expect(await delivery.attempt()).toBe('failed')
    expect(await bench.disabled(good)).toBeNull()
  })

  it('never writes an address into a record', async () => {
    for (const behaviour of [
      'reset',
      { status: 500, body: `cannot post ${good}` },
      { status: 302 },
    ] as const) {
      vendor.behave(behaviour)
      const delivery = bench.deliver({ url: good })
      await delivery.attempt()
      bench.clock.advance(60_000)
      expect(JSON.stringify(delivery.job.history)).not.toMatch(/s3cret|127\.0\.0\.1/)
    }
  })
})
