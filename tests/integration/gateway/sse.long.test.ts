import { existsSync } from 'node:fs'
import { type Browser, chromium } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { NativeClient } from '../../support/native-client.ts'
import { pusherServer } from '../../support/pusher-clients.ts'
import {
  bearer,
  type RealtimeNode,
  startRealtimeNode,
  tokenOf,
} from '../../support/realtime-node.ts'
import { SseClient } from '../../support/sse-client.ts'
import { startTcpProxy, type TcpProxy } from '../../support/tcp-proxy.ts'
import { waitFor } from '../../support/wait-for.ts'

let node: RealtimeNode
let clients: SseClient[] = []

beforeAll(async () => {
  node = await startRealtimeNode()
})
afterEach(() => {
  for (const client of clients) client.close()
  clients = []
})
afterAll(() => node.stop())

async function listen(user: string, query = '', more: Record<string, string> = {}) {
  const client = await SseClient.open(`${node.url}/sse${query}`, {
    ...(await bearer(user)),
    ...more,
  })
  clients.push(client)
  return client
}

async function ticketOf(user: string): Promise<string> {
  const { body } = await node.api('POST', '/api/realtime/tickets', {}, await bearer(user))
  return body.ticket
}

const messages = (client: SseClient) =>
  client.of('notification').map(({ data }) => data.notification.message)

describe('GET /sse', () => {
  it('says what it is, and how long to wait before coming back', async () => {
    const client = await listen('ann')
    const { data, id } = await client.next('connected')
    expect(client.status).toBe(200)
    expect(client.headers.get('content-type')).toMatch(/^text\/event-stream/)
    expect(client.headers.get('cache-control')).toBe('no-cache, no-transform')
    expect(client.headers.get('x-accel-buffering')).toBe('no')
    expect(client.retryMs).toBeGreaterThan(0)
    expect(data).toMatchObject({ resumed: false, recovered: null, unread_count: 0, pending: [] })
    expect(id).toBe(`${data.session_id}:0`)
  })

  it('says what it is to HEAD, and begins no stream for it', async () => {
    const method = 'HEAD'
    const signal = AbortSignal.timeout(5000)
    const headers = await bearer('head')
    const answer = await fetch(`${node.url}/sse`, { method, headers, signal })
    expect(answer.headers.get('content-type')).toMatch(/^text\/event-stream/)
    const { body } = await node.api('GET', '/api/connections?user_id=head')
    expect(body.data).toEqual([])
  })

  it('brings a user’s notifications, each with a cursor', async () => {
    const client = await listen('ben')
    const { data: connected } = await client.next('connected')
    await node.notify('ben', 'one')
    await node.notify('ann', 'not for ben')
    await node.notify('ben', 'two')
    await waitFor(() => client.of('notification').length === 2)
    expect(
      client.of('notification').map(({ id, data }) => [id, data.notification.message]),
    ).toEqual([
      [`${connected.session_id}:1`, 'one'],
      [`${connected.session_id}:2`, 'two'],
    ])
  })

  it('brings events of channels, and members of rooms', async () => {
    const client = await listen('ann', '?channels=news,presence-chat.room.3&channels=board')
    await waitFor(() => client.of('event').length === 1)
    expect(client.of('event')[0]?.data).toMatchObject({
      channel: 'presence-chat.room.3',
      event: 'presence:subscribed',
      data: [{ user_id: 'ann' }],
    })
    await pusherServer(node.port).trigger(['news', 'board', 'other'], 'said', 'two\nlines')
    await waitFor(() => client.of('event').length === 3)
    expect(
      client
        .of('event')
        .slice(1)
        .map(({ data }) => [data.channel, data.event, data.data]),
    ).toEqual([
      ['news', 'said', 'two\nlines'],
      ['board', 'said', 'two\nlines'],
    ])
  })

  it('takes line breaks in JSON apart and together again', async () => {
    const client = await listen('ann', '?channels=pretty')
    await client.next('connected')
    const data = JSON.stringify({ a: 1, b: ['x'] }, null, 2)
    node.app.services.realtime.broadcast('pretty', 'e', data)
    expect((await client.next('event')).data.data).toEqual({ a: 1, b: ['x'] })
  })

  it('goes on behind the Last-Event-ID: in order, nothing lost, nothing twice', async () => {
    const first = await listen('cleo')
    await node.notify('cleo', 'm0')
    await node.notify('cleo', 'm1')
    await waitFor(() => messages(first).length === 2)
    const seen = first.of('notification')[0]?.id ?? ''
    first.close()
    for (let n = 2; n < 30; n++) await node.notify('cleo', `m${n}`)
    const second = await listen('cleo', '', { 'last-event-id': seen })
    await waitFor(() => messages(second).length >= 29)
    expect(messages(second)).toEqual(Array.from({ length: 29 }, (_, n) => `m${n + 1}`))
    expect((await second.next('connected')).data).toMatchObject({ resumed: true, recovered: true })
    expect(second.of('gap')).toEqual([])
  })

  it('misses nothing when it is cut twenty times at random moments', async () => {
    const seen: string[] = []
    let cursor: string | null = null
    let client = await listen('kim')
    const take = () => {
      for (const { data, id } of client.of('notification')) {
        seen.push(data.notification.message)
        cursor = id
      }
    }
    cursor = (await client.next('connected')).id
    const sending = (async () => {
      for (let n = 0; n < 200; n++) await node.notify('kim', `m${n}`)
    })()
    for (let time = 0; time < 20; time++) {
      await new Promise((go) => setTimeout(go, Math.random() * 60))
      client.close()
      await waitFor(() => client.isClosed)
      take()
      client = await listen('kim', '', { 'last-event-id': String(cursor) })
    }
    await sending
    // The last one may have come before the last cut.
    await waitFor(() =>
      [...seen, ...client.of('notification').map(({ data }) => data.notification.message)].includes(
        'm199',
      ),
    )
    take()
    expect(seen).toEqual(Array.from({ length: 200 }, (_, n) => `m${n}`))
    expect(client.of('gap')).toEqual([])
  })

  it('resumes what began on a WebSocket, and the other way round', async () => {
    const token = await tokenOf('dora')
    const url = `ws://127.0.0.1:${node.port}/ws?token=${token}`
    const { client, connected } = await NativeClient.connect(url)
    await node.notify('dora', 'a')
    await node.notify('dora', 'b')
    await waitFor(() => client.of('notification').length === 2)
    await client.close()
    const session = String(connected.session_id)
    const stream = await listen('dora', '', { 'last-event-id': `${session}:1` })
    await waitFor(() => messages(stream).length === 1)
    expect(messages(stream)).toEqual(['b'])
    const back = await NativeClient.connect(`${url}&session_id=${session}`)
    expect(back.connected).toMatchObject({ resumed: true })
    await back.client.close()
    await waitFor(() => stream.isClosed)
  })

  it('says that there is a gap when the cursor is forgotten, from the future, or of somebody else', async () => {
    const other = await listen('eve')
    const { id: foreign } = await other.next('connected')
    const cursors = ['0198c0de-0000-7000-8000-000000000000:5', foreign ?? '']
    for (const cursor of cursors) {
      const client = await listen('fay', '', { 'last-event-id': cursor })
      expect((await client.next('gap')).data).toEqual({ type: 'gap', reason: 'forgotten' })
      expect((await client.next('connected')).data.recovered).toBe(false)
      client.close()
    }
    await node.notify('eve', 'x')
    await waitFor(() => messages(other).length === 1)
    const epoch = String(foreign).split(':')[0]
    const client = await listen('eve', '', { 'last-event-id': `${epoch}:999` })
    expect((await client.next('gap')).data.reason).toBe('forgotten')
    await waitFor(() => messages(client).length === 1)
  })

  it('says which channels kept nothing while the client was away', async () => {
    const client = await listen('gus', '?channels=news')
    const { id } = await client.next('connected')
    client.close()
    const back = await listen('gus', '?channels=news', { 'last-event-id': String(id) })
    expect((await back.next('gap')).data).toEqual({
      type: 'gap',
      reason: 'not_kept',
      channels: ['news'],
    })
  })

  it('takes a ticket once, and again only with the cursor that it got', async () => {
    const ticket = await ticketOf('hal')
    const client = await SseClient.open(`${node.url}/sse?ticket=${ticket}`)
    clients.push(client)
    const { id } = await client.next('connected')
    client.close()
    const used = await SseClient.open(`${node.url}/sse?ticket=${ticket}`)
    expect(used.status).toBe(401)
    const guessed = await SseClient.open(`${node.url}/sse?ticket=${ticket}`, {
      'last-event-id': '0198c0de-0000-7000-8000-000000000000:0',
    })
    expect(guessed.status).toBe(401)
    const inAddress = await SseClient.open(`${node.url}/sse?ticket=${ticket}&last_event_id=${id}`)
    expect(inAddress.status).toBe(401)
    for (let time = 0; time < 2; time++) {
      const back = await SseClient.open(`${node.url}/sse?ticket=${ticket}`, {
        'last-event-id': String(id),
      })
      clients.push(back)
      expect((await back.next('connected')).data).toMatchObject({ resumed: true })
      back.close()
    }
  })

  it('refuses strangers, foreign pages, and channels that are not theirs', async () => {
    const status = async (query: string, headers: Record<string, string> = {}) => {
      const client = await SseClient.open(`${node.url}/sse${query}`, headers)
      clients.push(client)
      return client.status
    }
    expect(await status('')).toBe(401)
    expect(await status('?token=a.b.c')).toBe(401)
    expect(await status('?ticket=guessed')).toBe(401)
    const ann = await bearer('ann')
    expect(await status('?channels=private-user.ben', ann)).toBe(403)
    expect(await status('?channels=security-alerts', ann)).toBe(403)
    const refused = await fetch(`${node.url}/sse?channels=security-alerts`, { headers: ann })
    expect(refused.headers.get('content-type')).toContain('application/problem+json')
    expect(await refused.json()).toMatchObject({
      ...{ type: 'urn:belfry:error:forbidden', title: 'Not allowed', status: 403 },
      ...{ detail: 'You may not join the channel security-alerts.', code: 'forbidden' },
    })
    expect(await status('?channels=a%2Fb', ann)).toBe(422)
    expect(await status('', { ...ann, origin: 'https://evil.example' })).toBe(403)
  })

  it('ends when the user is cut off everywhere', async () => {
    const client = await listen('jan')
    await client.next('connected')
    await pusherServer(node.port).terminateUserConnections('jan')
    await waitFor(() => client.isClosed)
    expect((await client.next('end')).data.code).toBe(1000)
  })
})

const CHROMIUM = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(
  (path) => existsSync(path),
)

describe.skipIf(CHROMIUM === undefined)('a browser’s EventSource', () => {
  let browser: Browser
  let line: TcpProxy

  beforeAll(async () => {
    line = await startTcpProxy(node.port)
    browser = await chromium.launch({ executablePath: CHROMIUM ?? '', args: ['--no-sandbox'] })
  })
  afterAll(async () => {
    await browser?.close()
    await line?.stop()
  })

  it('is cut when the token behind its ticket ends, and does not get in again', async () => {
    const exp = Math.floor(Date.now() / 1000) + 4
    const asked = await node.api('POST', '/api/realtime/tickets', {}, await bearer('yan', { exp }))
    const page = await browser.newPage()
    await page.goto(`http://127.0.0.1:${line.port}/livez`)
    await page.evaluate((query) => {
      const seen: unknown[] = []
      const source = new EventSource(`/sse?ticket=${query}`)
      source.addEventListener('connected', () => seen.push('connected'))
      source.addEventListener('end', (event) => {
        seen.push(JSON.parse((event as unknown as { data: string }).data))
      })
      source.addEventListener('error', () => {
        if (source.readyState === EventSource.CLOSED) seen.push('closed')
      })
      Object.assign(globalThis, { seen })
    }, asked.body.ticket)
    const seen = () => page.evaluate(() => (globalThis as unknown as { seen: unknown[] }).seen)
    await waitFor(async () => (await seen()).includes('closed'), { deadlineMs: 20_000 })
    expect(await seen()).toEqual(['connected', { code: 4001, reason: 'token expired' }, 'closed'])
    expect(Date.now() / 1000).toBeGreaterThan(exp - 0.5)
  })

  it('comes back with its one ticket by itself, and misses nothing', async () => {
    const ticket = await ticketOf('zoe')
    const page = await browser.newPage()
    await page.goto(`http://127.0.0.1:${line.port}/livez`)
    await page.evaluate((query) => {
      const seen: string[] = []
      const source = new EventSource(`/sse?ticket=${query}`)
      source.addEventListener('notification', (event) => {
        seen.push(JSON.parse((event as unknown as { data: string }).data).notification.message)
      })
      source.addEventListener('connected', () => seen.push('connected'))
      Object.assign(globalThis, { seen })
    }, ticket)
    const seen = () => page.evaluate(() => (globalThis as unknown as { seen: string[] }).seen)
    await waitFor(async () => (await seen()).includes('connected'))
    await node.notify('zoe', 'before')
    await waitFor(async () => (await seen()).includes('before'))
    line.refuse()
    for (const message of ['lost 1', 'lost 2', 'lost 3']) await node.notify('zoe', message)
    line.heal()
    await waitFor(async () => (await seen()).includes('lost 3'))
    expect(await seen()).toEqual(['connected', 'before', 'connected', 'lost 1', 'lost 2', 'lost 3'])
  })
})
