import { once } from 'node:events'
import { request } from 'node:http'
import { connect } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'
import { Origins } from '../../../src/http/origins.ts'
import { type HttpBench, startHttpBench } from '../../support/http-bench.ts'

const about = { summary: 'For tests', tags: ['tests'] }
const HOST = '127.0.0.1'

describe('Origins', () => {
  it.each([
    ['same', 'http://belfry.lan:8080', true],
    ['same', 'https://belfry.lan:8080', true],
    ['same', 'http://belfry.lan', false],
    ['same', 'http://evil.com', false],
    ['same', 'null', false],
    ['same', 'https://public.example', true],
    ['loopback', 'http://localhost:5173', true],
    ['loopback', 'http://app.localhost', true],
    ['loopback', 'http://127.0.0.1:3000', true],
    ['loopback', 'http://[::1]:3000', true],
    ['loopback', 'http://localhost.evil.com', false],
    ['loopback', 'http://127.0.0.1.evil.com', false],
    ['loopback', 'http://belfry.lan:8080', false],
    [['https://app.example'], 'https://app.example', true],
    [['https://app.example'], 'http://app.example', false],
    [['https://app.example'], 'https://app.example:8443', false],
    [['https://*.example'], 'https://a.b.example', true],
    [['https://*.example'], 'https://example', false],
    [['https://*.example'], 'https://evil-example', false],
    [['https://*.example'], 'http://a.example', false],
    [['*'], 'null', true],
  ] as const)('with %j, a page of %s: %s', (origins, origin, allowed) => {
    const subject = new Origins({ origins, host: '0.0.0.0', publicUrl: 'https://public.example' })
    expect(subject.allows({ origin, host: 'belfry.lan:8080' })).toBe(allowed)
    expect(subject.allows({ host: 'belfry.lan:8080' })).toBe(true)
  })

  it('do not let a foreign name lead to a server that trusts this machine', () => {
    const open = new Origins({ origins: 'loopback', host: HOST, publicUrl: 'https://b.example' })
    for (const host of ['localhost:8080', '127.0.0.1:8080', '[::1]:8080', 'b.example']) {
      expect(open.knowsHost({ host }), host).toBe(true)
    }
    expect(open.knowsHost({ host: 'evil.com:8080' })).toBe(false)
    const closed = new Origins({ origins: 'same', host: HOST, publicUrl: null })
    expect(closed.knowsHost({ host: 'evil.com' })).toBe(true)
  })
})

describe('a page in a browser', () => {
  let bench: HttpBench
  afterEach(() => bench.stop())

  const start = () =>
    startHttpBench(
      (router) => {
        router.on('GET', '/x', about, async () => 1)
        router.on('POST', '/x', about, async () => 1)
      },
      { settings: { origins: ['https://app.example'] } },
    )

  it('of an origin that is let in may ask, preflight included', async () => {
    bench = await start()
    const origin = 'https://app.example'
    const answer = await bench.fetch('/x', { method: 'POST', headers: { origin } })
    expect([answer.status, answer.headers.get('access-control-allow-origin')]).toEqual([
      200,
      origin,
    ])
    const preflight = await bench.fetch('/x', {
      method: 'OPTIONS',
      headers: {
        origin,
        'access-control-request-method': 'PUT',
        'access-control-request-headers': 'authorization,idempotency-key',
      },
    })
    expect(preflight.status).toBe(204)
    expect(preflight.headers.get('access-control-allow-methods')).toContain('PUT')
    expect(preflight.headers.get('access-control-allow-headers')).toContain('idempotency-key')
  })

  it('of a foreign origin reads nothing and changes nothing', async () => {
    bench = await start()
    const headers = { origin: 'https://evil.com' }
    const read = await bench.fetch('/x', { headers })
    expect(read.headers.get('access-control-allow-origin')).toBeNull()
    const write = await bench.fetch('/x', { method: 'POST', headers })
    expect([write.status, ((await write.json()) as { code: string }).code]).toEqual([
      403,
      'forbidden',
    ])
  })

  it('that was led here by a name of its own is refused where everybody local is let in', async () => {
    bench = await startHttpBench(undefined, { settings: { origins: 'loopback' } })
    const status = await new Promise<number | undefined>((resolve, reject) => {
      const headers = { host: 'evil.com' }
      request({ port: bench.server.port, host: HOST, path: '/livez', headers }, (answer) => {
        answer.resume()
        resolve(answer.statusCode)
      })
        .on('error', reject)
        .end()
    })
    expect(status).toBe(403)
  })
})

describe('upgrades', () => {
  let bench: HttpBench
  afterEach(() => bench.stop())

  async function start() {
    const wss = new WebSocketServer({ noServer: true })
    const accept =
      (name: string) =>
      (
        ...upgrade: Parameters<typeof wss.handleUpgrade> extends [
          infer Request,
          infer Socket,
          infer Head,
          ...unknown[],
        ]
          ? [Request, Socket, Head]
          : never
      ) =>
        wss.handleUpgrade(...upgrade, (socket) => socket.send(name))
    bench = await startHttpBench(undefined, {
      prepare: (server) => {
        server.onUpgrade('/ws', accept('ws'))
        server.onUpgrade('/ws/user/', accept('user'))
        server.onUpgrade('/app/', accept('app'))
      },
    })
  }

  async function open(path: string, origin?: string): Promise<string> {
    const options = origin === undefined ? {} : { origin }
    const socket = new WebSocket(`ws://127.0.0.1:${bench.server.port}${path}`, options)
    try {
      const [data] = (await once(socket, 'message')) as [Buffer]
      return String(data)
    } catch (error) {
      return (error as Error).message
    } finally {
      socket.terminate()
    }
  }

  it('go to the handler of the longest prefix', async () => {
    await start()
    expect(await open('/ws?token=x')).toBe('ws')
    expect(await open('/ws/chat/1')).toBe('ws')
    expect(await open('/ws/user/42')).toBe('user')
    expect(await open('/app/key?protocol=7')).toBe('app')
  })

  it('are refused elsewhere, for foreign pages, and while the server stops', async () => {
    await start()
    expect(await open('/wsx')).toContain('404')
    expect(await open('/')).toContain('404')
    expect(await open('/ws', 'https://evil.com')).toContain('403')
    expect(await open('/ws', bench.url)).toBe('ws')
    bench.server.drain()
    expect(await open('/ws')).toContain('503')
  })

  it('do not hold up a stop', async () => {
    await start()
    const socket = new WebSocket(`ws://127.0.0.1:${bench.server.port}/ws`)
    await once(socket, 'message')
    const closed = once(socket, 'close')
    await bench.server.stop(100)
    await closed
  })

  it('survive a client that goes away in the middle', async () => {
    await start()
    const socket = connect(bench.server.port, HOST)
    socket.write(
      'GET /ws HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: websocket\r\n' +
        'sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n',
    )
    await once(socket, 'data')
    socket.resetAndDestroy()
    expect(await open('/ws')).toBe('ws')
  })
})
