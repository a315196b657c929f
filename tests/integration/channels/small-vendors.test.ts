import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { webhookTargets } from '../../../services/channels/webhook-targets.ts'
import type { Message } from '../../../services/notifications/notification-record.ts'
import { PostBench } from '../../support/post-bench.ts'
import type { Behaviour, HttpVendor, Post } from '../../support/vendors/http-vendor.ts'
import {
  CREDENTIALS,
  type SmallVendor,
  startSmallVendor,
} from '../../support/vendors/small-vendors.ts'
import { waitFor } from '../../support/wait-for.ts'

const PUSHOVER_USER = 'u0123456789012345678901234567x'
const LINK = { type: 'view', label: 'Open', url: 'https://example.com/disk' } as const

interface Row {
  readonly name: SmallVendor
  /** Addresses with what stands for the vendor's own, `http://127.0.0.1:…`, replaced. */
  readonly good: string
  /** An address that will never take anything, and what the record says of it. */
  readonly gone: readonly [address: string, reason: string]
  /** What becomes of a post whose answer was lost. */
  readonly lost: 'queued' | 'uncertain'
  readonly request: Partial<Post>
  readonly id?: string
}

const ROWS: readonly Row[] = [
  {
    name: 'telegram',
    good: 'telegram://-100123456',
    gone: ['telegram://404', 'answered 400: Bad Request: chat not found'],
    lost: 'uncertain',
    id: '7',
    request: {
      path: `/bot${CREDENTIALS.telegram}/sendMessage`,
      json: {
        chat_id: '-100123456',
        text: '<b>Disk full</b>\n\nIt is &gt; 98 % full &amp; &lt;b&gt;hot&lt;/b&gt;.',
        parse_mode: 'HTML',
        link_preview_options: { is_disabled: true },
        disable_notification: false,
        reply_markup: { inline_keyboard: [[{ text: 'Open', url: LINK.url }]] },
      },
    },
  },
  {
    name: 'teams',
    good: 'teams+HOST/workflows/w/invoke?api-version=1&sig=s3cret',
    gone: ['teams+HOST/workflows/gone/invoke?sig=s3cret', 'answered 404: WorkflowNotFound'],
    lost: 'uncertain',
    request: {
      path: '/workflows/w/invoke?api-version=1&sig=s3cret',
      json: {
        type: 'message',
        attachments: [
          {
            contentType: 'application/vnd.microsoft.card.adaptive',
            contentUrl: null,
            content: expect.objectContaining({
              type: 'AdaptiveCard',
              body: expect.arrayContaining([
                expect.objectContaining({
                  type: 'TextBlock',
                  text: 'Disk full',
                  color: 'Attention',
                }),
              ]),
              actions: [{ type: 'Action.OpenUrl', title: 'Open', url: LINK.url }],
            }),
          },
        ],
      },
    },
  },
  {
    name: 'ntfy',
    good: `ntfy+http://${CREDENTIALS.ntfy}@HOST/private`,
    gone: ['ntfy+HOST/private', 'answered 403: forbidden'],
    lost: 'uncertain',
    id: 'ntfy0000001',
    request: {
      path: '/',
      headers: expect.objectContaining({ authorization: `Bearer ${CREDENTIALS.ntfy}` }),
      json: {
        topic: 'private',
        title: 'Disk full',
        message: 'It is > 98 % full & <b>hot</b>.',
        priority: 5,
        tags: ['info'],
        actions: [{ action: 'view', label: 'Open', url: LINK.url }],
      },
    },
  },
  {
    name: 'gotify',
    good: `gotify+HOST/${CREDENTIALS.gotify}`,
    gone: ['gotify+HOST/s3cret', 'answered 401: invalid token'],
    lost: 'uncertain',
    id: '25',
    request: {
      path: '/message',
      headers: expect.objectContaining({ 'x-gotify-key': CREDENTIALS.gotify }),
      json: {
        title: 'Disk full',
        message: 'It is > 98 % full & <b>hot</b>.',
        priority: 10,
        extras: { 'client::notification': { click: { url: LINK.url } } },
      },
    },
  },
  {
    name: 'mattermost',
    good: 'mattermost+HOST/hooks/s3cret',
    gone: ['mattermost+HOST/hooks/gone', 'answered 400: web.incoming_webhook.invalid.app_error'],
    lost: 'uncertain',
    request: {
      path: '/hooks/s3cret',
      json: {
        attachments: [
          expect.objectContaining({
            title: 'Disk full',
            color: '#c62828',
            text: 'It is > 98 % full & <b>hot</b>.\n[Open](<https://example.com/disk>)',
          }),
        ],
      },
    },
  },
  {
    name: 'pushover',
    good: `pushover://${PUSHOVER_USER}`,
    gone: ['pushover://nobody', 'answered 400: user identifier is not valid'],
    lost: 'uncertain',
    id: 'r-1',
    request: {
      path: '/1/messages.json',
      json: expect.objectContaining({
        ...{ token: CREDENTIALS.pushover, user: PUSHOVER_USER, title: 'Disk full' },
        ...{ priority: 2, retry: 60, expire: 3600, url: LINK.url, url_title: 'Open' },
      }),
    },
  },
  {
    name: 'pagerduty',
    good: `pagerduty://${CREDENTIALS.pagerduty}`,
    gone: ['pagerduty://s3cret', 'answered 400: Invalid routing key'],
    lost: 'queued',
    id: 'alert-7',
    request: {
      path: '/v2/enqueue',
      json: expect.objectContaining({
        ...{ routing_key: CREDENTIALS.pagerduty, event_action: 'trigger', dedup_key: 'alert-7' },
        payload: expect.objectContaining({
          summary: 'Disk full: It is > 98 % full & <b>hot</b>.',
          source: 'db-1',
          severity: 'critical',
        }),
        links: [{ href: LINK.url, text: 'Open' }],
      }),
    },
  },
  {
    name: 'apprise',
    good: 'apprise+HOST/belfry?tag=ops',
    gone: ['apprise+HOST/nobody', 'nobody listens under this key'],
    lost: 'uncertain',
    request: {
      path: '/notify/belfry',
      json: {
        title: 'Disk full',
        body: 'It is > 98 % full & <b>hot</b>.\nOpen: https://example.com/disk',
        type: 'failure',
        format: 'text',
        tag: 'ops',
      },
    },
  },
]

const MESSAGE: Partial<Message> = {
  message: 'It is > 98 % full & <b>hot</b>.',
  priority: 'critical',
  actions: [LINK],
  data: { alert_id: 'alert-7', source: 'db-1' },
}

let vendor: HttpVendor
let bench: PostBench

async function open(name: SmallVendor, token: Partial<typeof CREDENTIALS> = CREDENTIALS) {
  vendor = await startSmallVendor(name)
  const apiUrl = vendor.url
  bench = new PostBench({
    channel: 'webhook',
    targets: webhookTargets({
      secretsOf: () => Promise.resolve([]),
      telegram: { botToken: token.telegram ?? null, apiUrl },
      pushover: { token: token.pushover ?? null, apiUrl },
      pagerduty: { apiUrl },
    }),
  })
}
const at = (address: string) =>
  address.replace('+HOST', `+${vendor.url}`).replace('HOST', vendor.url.slice('http://'.length))

afterEach(async () => {
  await bench.close()
  await vendor.stop()
})

describe.each(ROWS)('$name', (row) => {
  beforeEach(() => open(row.name))

  it('is sent what it understands', async () => {
    const delivery = bench.deliver({ ...MESSAGE, url: at(row.good) })
    expect(await delivery.attempt(), delivery.reasons[0]).toBe('sent')
    expect(vendor.posts).toMatchObject([row.request])
    const entry = delivery.job.history[0]
    expect(entry).toMatchObject({ provider: row.name, ...(row.id ? { id: row.id } : {}) })
  })

  it('takes the longest message, and the shortest', async () => {
    for (const message of ['€'.repeat(60_000), '.', '\u0000<>&"@all']) {
      const delivery = bench.deliver({ url: at(row.good), message, title: message })
      while (delivery.waiting) await delivery.attempt()
      expect(delivery.job.status, delivery.reasons.at(-1)).toBe('sent')
    }
  })

  it.each([
    ['long', `https://example.com/${'x'.repeat(1900)}`],
    ['longer once it is encoded', `https://example.com/${'ж'.repeat(1900)}`],
    ['of this machine', 'http://localhost:8080/a/token'],
  ])('takes a link that is %s, whole or not at all', async (_, url) => {
    const actions = [{ type: 'view', label: 'Open', url }] as const
    const delivery = bench.deliver({ ...MESSAGE, actions, url: at(row.good) })
    expect(await delivery.attempt(), delivery.reasons[0]).toBe('sent')
    const shown = JSON.stringify(vendor.posts.at(-1)!.json)
    expect(shown.includes(new URL(url).href) || !shown.includes(new URL(url).host)).toBe(true)
  })

  it.runIf(row.id)('is not taken for having it when a page answers in its place', async () => {
    vendor.behave({ status: 200, body: '<html>Please log in</html>' })
    const delivery = bench.deliver({ ...MESSAGE, url: at(row.good) })
    expect(await delivery.attempt()).toBe('uncertain')
    expect(delivery.reasons).toEqual(['answered 200 without saying whether'])
    expect(await bench.disabled(at(row.good))).toBeNull()
  })

  it('says that an address is gone: it is disabled', async () => {
    const [address, reason] = row.gone
    const delivery = bench.deliver({ ...MESSAGE, url: at(address) })
    expect(await delivery.attempt()).toBe('failed')
    expect(delivery.reasons).toEqual([`${reason}; hook disabled`])
    expect(await bench.disabled(at(address))).toBe(reason)
  })

  it.each<readonly [string, Behaviour, string, number]>([
    [
      '429 with Retry-After',
      { status: 429, headers: { 'retry-after': '90' }, body: {} },
      'queued',
      90,
    ],
    ['503', { status: 503 }, 'queued', 5],
    ['400', { status: 400, body: '{}' }, 'failed', 0],
    ['reset', 'reset', row.lost, 0],
  ])('%s', async (_fault, behaviour, status, waitSeconds) => {
    vendor.behave(behaviour)
    const delivery = bench.deliver({ ...MESSAGE, url: at(row.good) })
    expect(await delivery.attempt()).toBe(status)
    expect(delivery.job.attempts).toBe(1)
    expect(delivery.job.send_at - bench.clock.now() / 1000).toBeGreaterThanOrEqual(
      waitSeconds - 1e-6,
    )
    vendor.behave('normal')
    if (!delivery.waiting) return
    while (delivery.waiting) await delivery.attempt()
    expect(delivery.job).toMatchObject({ status: 'sent', attempts: 2 })
    expect(vendor.posts).toHaveLength(1)
  })

  it('time-out', async () => {
    vendor.behave('hang')
    const delivery = bench.deliver({ ...MESSAGE, url: at(row.good) })
    const attempt = delivery.attempt()
    await waitFor(() => vendor.attempts === 1)
    bench.clock.advance(15_000)
    expect(await attempt).toBe(row.lost)
  })

  it('never writes an address into a record', async () => {
    for (const behaviour of ['reset', { status: 500, body: 'x' }, { status: 302 }] as const) {
      vendor.behave(behaviour)
      const delivery = bench.deliver({ url: at(row.good) })
      await delivery.attempt()
      const { host } = new URL(at(row.good))
      const secrets = [...Object.values(CREDENTIALS), 's3cret', host || 'nothing']
      const history = JSON.stringify(delivery.job.history)
      for (const secret of secrets) expect(history).not.toContain(secret)
    }
  })
})

describe('the small ones', () => {
  it.each([
    ['telegram', 'telegram://1'],
    ['pushover', `pushover://${PUSHOVER_USER}`],
  ] as const)('wait while our token for %s is not taken', async (name, url) => {
    await open(name, { telegram: '1:wrong', pushover: 'wrong' } as never)
    const delivery = bench.deliver({ url })
    expect(await delivery.attempt()).toBe('queued')
    expect(delivery.reasons[0]).toMatch(/^bad_credentials: /)
    expect(delivery.job.attempts).toBe(0)
    const other = bench.deliver({ url: `${url}2` })
    await other.attempt()
    expect(vendor.attempts).toBe(1)
  })

  it.each([
    ['telegram', 'telegram://1', 'TELEGRAM_BOT_TOKEN is not set'],
    ['pushover', 'pushover://1', 'PUSHOVER_TOKEN is not set'],
    ['ntfy', 'ntfy+HOST/', 'the address names no topic'],
    ['ntfy', 'ntfy+HOST/a/b', 'the address names no topic'],
    ['gotify', 'gotify+HOST/%E0%A4', 'the address is not encoded as URLs are'],
    ['apprise', 'apprise+HOST', 'the address has no key'],
    ['ntfy', 'ntfy://127.0.0.1/topic', null],
    ['ntfy', 'ntfy+http://10.0.0.1/topic', 'refused: 10.0.0.1 is not a public address'],
    ['teams', 'teams://[::1]/workflows/', 'refused: ::1 is not a public address'],
    ['mattermost', 'mattermost://2130706434/hooks/a', 'refused: 127.0.0.2 is not a public address'],
    ['apprise', 'matrix://room', 'nobody is reached by matrix:'],
  ] as const)('%s %s: %s', async (name, address, reason) => {
    await open(name, {})
    const delivery = bench.deliver({ url: at(address) })
    // An allowed address that speaks no TLS is away, not refused.
    expect(await delivery.attempt()).toBe(reason === null ? 'queued' : 'failed')
    if (reason !== null) expect(delivery.reasons[0]).toContain(reason)
    expect(vendor.attempts).toBe(0)
  })

  it('Apprise took it in part: it is not sent again', async () => {
    await open('apprise')
    const delivery = bench.deliver({ url: at('apprise+HOST/partly') })
    expect(await delivery.attempt()).toBe('uncertain')
    expect(delivery.reasons[0]).toContain('One or more notification(s) failed')
  })

  it('Telegram names the seconds in its body, Pushover the end of its month', async () => {
    await open('telegram')
    vendor.behave({ status: 429, body: { parameters: { retry_after: 33 } } })
    const first = bench.deliver({ url: 'telegram://1' })
    await first.attempt()
    expect(first.job.send_at - bench.clock.now() / 1000).toBeCloseTo(33, 3)
    const resetAt = Math.floor(bench.clock.now() / 1000) + 3600
    vendor.behave({ status: 429, headers: { 'x-limit-app-reset': String(resetAt) }, body: {} })
    const second = bench.deliver({ url: `pushover://${PUSHOVER_USER}` })
    await second.attempt()
    expect(second.job.send_at).toBeCloseTo(resetAt, 0)
  })

  it('PagerDuty: what resolves an alert resolves its incident', async () => {
    await open('pagerduty')
    const url = `pagerduty://${CREDENTIALS.pagerduty}`
    await bench.deliver({ ...MESSAGE, url, type: 'alert.resolved' }).attempt()
    expect(vendor.posts[0]?.json).toMatchObject({ event_action: 'resolve', dedup_key: 'alert-7' })
  })
})
