import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { discordMessage, discordWebhook } from '../../../../services/channels/discord.ts'
import { PostBench } from '../../../support/post-bench.ts'
import { startDiscord } from '../../../support/vendors/discord.ts'
import type { HttpVendor } from '../../../support/vendors/http-vendor.ts'

const MESSAGE = {
  id: 'n-1',
  userId: 'ada',
  title: 'Disk full',
  text: '@everyone it is <@&1234> full',
  type: 'alert.critical',
  priority: 'critical',
  links: [{ label: 'Open [now]', url: 'https://example.com/disk' }],
  createdAt: '2026-01-05T12:00:00.000Z',
  thread: 'n-1',
  data: {},
} as const

describe('discordMessage()', () => {
  it('is an embed that calls nobody', () => {
    expect(discordMessage(MESSAGE)).toEqual({
      embeds: [
        {
          title: 'Disk full',
          description: '@everyone it is <@&1234> full',
          color: 0xc62828,
          timestamp: '2026-01-05T12:00:00.000Z',
          footer: { text: 'alert.critical · critical' },
          fields: [{ name: '\u200b', value: '[Open \\[now\\]](<https://example.com/disk>)' }],
        },
      ],
      allowed_mentions: { parse: [] },
    })
  })

  it('keeps to the limits of embeds', () => {
    const url = `https://example.com/${'x'.repeat(600)}`
    const links = [1, 2, 3].map((n) => ({ label: `No. ${n}`, url }))
    const [embed] = discordMessage({
      ...MESSAGE,
      title: 'y'.repeat(300),
      text: 'z'.repeat(9000),
      links,
    }).embeds
    expect(embed?.title).toHaveLength(256)
    expect(embed?.description).toHaveLength(4096)
    expect(embed?.fields?.[0]?.value.length).toBeLessThanOrEqual(1024)
  })
})

describe('a webhook of Discord’s', () => {
  let bench: PostBench
  let vendor: HttpVendor

  beforeEach(async () => {
    let now = () => 0
    vendor = await startDiscord({ now: () => now() })
    bench = new PostBench({ channel: 'discord', targets: { http: discordWebhook() } })
    now = () => bench.clock.now()
  })
  afterEach(async () => {
    await bench.close()
    await vendor.stop()
  })
  const url = () => `${vendor.url}/api/webhooks/1234/belfry`

  it('takes a burst of a hundred without a single 429', async () => {
    const refused: string[] = []
    const deliveries = Array.from({ length: 100 }, () => bench.deliver({ url: url() }))
    for (let round = 0; deliveries.some(({ waiting }) => waiting) && round < 200; round++) {
      const soonest = Math.min(
        ...deliveries.filter(({ waiting }) => waiting).map(({ job }) => job.send_at),
      )
      bench.clock.advance(Math.max(0, soonest * 1000 - bench.clock.now()))
      const due = deliveries.filter(
        ({ waiting, job }) => waiting && job.send_at * 1000 <= bench.clock.now(),
      )
      await Promise.all(due.map((delivery) => delivery.attempt()))
      refused.push(
        ...due
          .flatMap(({ job }) => job.history.filter(({ outcome }) => outcome === 'retry'))
          .map(({ reason }) => reason ?? ''),
      )
    }
    expect(refused).toEqual([])
    expect(deliveries.every(({ job }) => job.status === 'sent' && job.attempts === 1)).toBe(true)
    expect(vendor.attempts).toBe(100)
  })

  it('heeds a limit that somebody else has used up: a float of seconds', async () => {
    for (let n = 0; n < 5; n++) await fetch(url(), { method: 'POST', body: '{"content":"x"}' })
    const delivery = bench.deliver({ url: url() })
    bench.clock.advance(350)
    expect(await delivery.attempt()).toBe('queued')
    expect(delivery.reasons).toEqual(['answered 429'])
    expect(delivery.job.send_at * 1000 - bench.clock.now()).toBeGreaterThanOrEqual(1650)
    bench.clock.advance(60_000)
    expect(await delivery.attempt()).toBe('sent')
  })

  it('holds everything back when the limit is global', async () => {
    const body = { message: 'slow down', retry_after: 64.57, global: true }
    vendor.behave({ status: 429, body })
    await bench.deliver({ url: url() }).attempt()
    vendor.behave('normal')
    const other = bench.deliver({ url: `${vendor.url}/api/webhooks/77/belfry` })
    expect(await other.attempt()).toBe('queued')
    expect(other.job.history).toMatchObject([{ outcome: 'postponed' }])
    expect(Math.round(other.job.send_at * 1000 - bench.clock.now())).toBe(64_570)
  })

  it('names the message that it made', async () => {
    const delivery = bench.deliver({ url: `${url()}?thread_id=9` })
    await delivery.attempt()
    expect(delivery.job.history[0]).toMatchObject({ id: '110000000000000001', provider: 'discord' })
    expect(vendor.posts[0]?.path).toBe('/api/webhooks/1234/belfry?thread_id=9&wait=true')
  })
})
