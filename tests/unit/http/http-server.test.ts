import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer, request as httpRequest } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, expectTypeOf, it } from 'vitest'
import { z } from 'zod'
import type { Context } from '../../../src/context.ts'
import type { HttpContext } from '../../../src/http/http-context.ts'
import { HttpReply } from '../../../src/http/http-reply.ts'
import type { HttpRouter } from '../../../src/http/http-router.ts'
import { listQuery } from '../../../src/http/list.ts'
import type { HttpRefusal } from '../../../src/http/request-run.ts'
import { NotFound, RateLimitExceeded } from '../../../src/support/errors.ts'
import { byScopes, type HttpBench, startHttpBench } from '../../support/http-bench.ts'

let bench: HttpBench
afterEach(() => bench.stop())

const about = { summary: 'For tests', tags: ['tests'] }
const echo = (router: HttpRouter) => {
  router.on('POST', '/echo', about, async ({ payload, target, meta, door }) => ({
    ...{ payload, target, door },
    custom: meta['x-custom'],
  }))
}

/** Sends a request line as it is written, which `fetch` would tidy up. */
function raw(bytes: string): Promise<string> {
  return new Promise((resolve) => {
    let text = ''
    const socket = connect(bench.server.port, '127.0.0.1', () => socket.write(bytes))
    socket.on('data', (chunk) => {
      text += String(chunk)
    })
    socket.on('close', () => resolve(text))
    socket.on('error', () => resolve(text))
  })
}

describe('a route', () => {
  it('gets validated parameters, query and body, with their types', async () => {
    bench = await startHttpBench((router) => {
      router.group('/api', [], (api) => {
        api.on(
          'PUT',
          '/users/{user_id}/notes/{note}',
          { ...about, query: listQuery, body: z.object({ text: z.string() }), status: 201 },
          async ({ params, query, payload, route, target }) => {
            expectTypeOf(params).toEqualTypeOf<{
              readonly user_id: string
              readonly note: string
            }>()
            expectTypeOf(query.limit).toEqualTypeOf<number>()
            expectTypeOf(payload).toEqualTypeOf<{ text: string }>()
            return { params, query, payload, route, target }
          },
        )
      })
    })
    const answer = await bench.fetch('/api/users/a%40b.ch/notes/7?limit=500', {
      method: 'PUT',
      body: '{"text":"x","unknown":1}',
      headers: { 'content-type': 'application/json' },
    })
    expect(answer.status).toBe(201)
    expect(await answer.json()).toEqual({
      params: { user_id: 'a@b.ch', note: '7' },
      query: { limit: 100 },
      payload: { text: 'x' },
      route: 'PUT /api/users/{user_id}/notes/{note}',
      target: 'PUT /api/users/a%40b.ch/notes/7',
    })
  })

  it('refuses what does not fit, with one issue per fault', async () => {
    const body = z.object({ n: z.number(), deep: z.object({ x: z.string() }) })
    bench = await startHttpBench((router) => {
      router.on('POST', '/x', { ...about, body, query: listQuery }, async () => 'never')
    })
    const answer = await bench.post('/x', { n: 'one', deep: {} })
    expect(answer.status).toBe(422)
    expect(answer.headers.get('content-type')).toContain('application/problem+json')
    expect(await answer.json()).toMatchObject({
      type: 'urn:belfry:error:invalid_payload',
      status: 422,
      code: 'invalid_payload',
      issues: [{ path: 'n' }, { path: 'deep.x' }],
    })
    expect((await bench.post('/x?limit=0', { n: 1, deep: { x: '' } })).status).toBe(422)
    expect((await bench.fetch('/x', { method: 'POST' })).status).toBe(422)
  })

  it.each(['a%2Fb', 'a%20b', '%00', '%7Bx%7D', '*', 'x'.repeat(129), '..%2F..%2Fetc'])(
    'refuses the id %s in its path',
    async (id) => {
      bench = await startHttpBench((router) => {
        router.on('GET', '/users/{id}', about, async ({ params }) => params)
      })
      expect((await bench.fetch(`/users/${id}`)).status).toBe(422)
    },
  )

  it('answers with whatever it says: status, headers, text, nothing', async () => {
    bench = await startHttpBench((router) => {
      router.on('GET', '/page', about, async () => HttpReply.html('<p>hi</p>', 201))
      router.on('GET', '/away', about, async () => HttpReply.redirect('/page'))
      router.on('DELETE', '/x', about, async () => undefined)
      router.on('GET', '/list', about, async () => [1])
    })
    const page = await bench.fetch('/page')
    expect([page.status, await page.text()]).toEqual([201, '<p>hi</p>'])
    expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8')
    const away = await bench.fetch('/away', { redirect: 'manual' })
    expect([away.status, away.headers.get('location')]).toEqual([303, '/page'])
    expect((await bench.fetch('/x', { method: 'DELETE' })).status).toBe(204)
    expect(await (await bench.fetch('/list')).json()).toEqual([1])
  })

  it('runs the middleware of its groups in order, then asks for its scope', async () => {
    const seen: string[] = []
    const note = (word: string) => async (_context: Context, next: () => Promise<unknown>) => {
      seen.push(word)
      return next()
    }
    bench = await startHttpBench((router) => {
      router.group('/a', [note('outer'), byScopes], (a) => {
        a.group('/b', [note('inner')], (b) => {
          b.on('GET', '/c', { ...about, scope: 'operate' }, async () => ({ seen }))
        })
      })
    })
    const as = (scopes: string) =>
      bench.fetch('/a/b/c', { headers: { authorization: `Bearer ${scopes}` } })
    expect((await as('admin')).status).toBe(200)
    expect(seen).toEqual(['outer', 'inner'])
    expect((await as('read')).status).toBe(403)
    const anonymous = await bench.fetch('/a/b/c')
    expect([anonymous.status, anonymous.headers.get('www-authenticate')]).toEqual([401, 'Bearer'])
  })

  it('is declared once, with a path that can be one', async () => {
    bench = await startHttpBench((router) => {
      router.on('GET', '/users/{id}', about, async () => 1)
      expect(() => router.on('GET', '/users/{user}', about, async () => 1)).toThrow(/declared/)
      for (const path of ['users', '/a b', '/{a', '/a/*', '/:id', '//']) {
        expect(() => router.on('GET', path, about, async () => 1), path).toThrow(/path/)
      }
    })
  })

  it('knows the caller by address, through trusted proxies only', async () => {
    const peer = (router: HttpRouter) => {
      router.on('GET', '/peer', about, async ({ peer }: HttpContext) => ({ peer }))
    }
    const forwarded = { headers: { 'x-forwarded-for': '203.0.113.9' } }
    const ask = async () => ((await (await bench.fetch('/peer', forwarded)).json()) as Context).peer
    bench = await startHttpBench(peer)
    expect(await ask()).toBe('127.0.0.1')
    for (const trustProxy of [true, 1, ['127.0.0.0/8'], ['loopback']] as const) {
      await bench.stop()
      bench = await startHttpBench(peer, { settings: { trustProxy } })
      expect(await ask()).toBe('203.0.113.9')
    }
    await bench.stop()
    bench = await startHttpBench(peer, { settings: { trustProxy: ['10.0.0.0/8'] } })
    expect(await ask()).toBe('127.0.0.1')
  })
})

describe('a body', () => {
  it.each([
    ['application/json', '{"a":1}', { a: 1 }],
    ['application/cloudevents+json; charset=utf-8', '{"a":1}', { a: 1 }],
    ['application/x-www-form-urlencoded', '{"a":1}', { a: 1 }],
    ['text/plain;charset=UTF-8', ' [1]', [1]],
    [
      'application/x-www-form-urlencoded',
      'socket_id=1.2&channel_name=private-x&tag=a&tag=b&__proto__=x',
      { socket_id: '1.2', channel_name: 'private-x', tag: ['a', 'b'] },
    ],
  ])('of %s is read (%j)', async (type, body, payload) => {
    bench = await startHttpBench(echo)
    const headers = { 'content-type': type, 'X-Custom': 'yes' }
    const answer = await bench.fetch('/echo', { method: 'POST', body, headers })
    expect(await answer.json()).toEqual({
      ...{ payload, target: 'POST /echo', door: 'http', custom: 'yes' },
    })
  })

  it.each([
    ['{"a":', 'application/json', 400, 'invalid_json'],
    ['['.repeat(10_000), 'application/json', 422, 'invalid_payload'],
    ['<a/>', 'application/xml', 422, 'invalid_payload'],
    ['hello', 'text/plain', 422, 'invalid_payload'],
    [`"${'x'.repeat(256 * 1024)}"`, 'application/json', 413, 'too_large'],
    [Buffer.from([0x22, 0xff, 0x22]), 'application/json', 422, 'invalid_payload'],
  ])('that cannot be taken is refused (%#)', async (body, type, status, code) => {
    bench = await startHttpBench(echo)
    const headers = { 'content-type': type }
    const answer = await bench.fetch('/echo', { method: 'POST', body, headers })
    expect(answer.status).toBe(status)
    expect(await answer.json()).toMatchObject({ status, code })
  })

  it('of exactly 256 KiB is taken', async () => {
    bench = await startHttpBench(echo)
    const answer = await bench.post('/echo', 'x'.repeat(256 * 1024 - 2))
    expect(answer.status).toBe(200)
  })

  it('comes without its prototype', async () => {
    bench = await startHttpBench(echo)
    const answer = await bench.fetch('/echo', {
      method: 'POST',
      body: '{"__proto__":{"admin":true},"a":1}',
      headers: { 'content-type': 'application/json' },
    })
    expect(((await answer.json()) as { payload: object }).payload).toEqual({ a: 1 })
  })

  it('is there as it came, for signatures', async () => {
    bench = await startHttpBench((router) => {
      router.on('POST', '/apps/{id}/events', about, async ({ request: { body, url, method } }) => ({
        ...{ url, method },
        text: body.toString(),
      }))
    })
    const answer = await bench.fetch('/apps/7/events?auth_key=k&b=%20', {
      method: 'POST',
      body: '{ "name":  "x" }',
    })
    expect(await answer.json()).toEqual({
      url: '/apps/7/events?auth_key=k&b=%20',
      method: 'POST',
      text: '{ "name":  "x" }',
    })
  })
})

describe('an error', () => {
  it('of a limit says when to come back', async () => {
    const limit = { retryAfter: 7, maxRequests: 1, windowSeconds: 60, resetTime: 5 }
    bench = await startHttpBench((router) => {
      router.on('GET', '/x', about, () => Promise.reject(new RateLimitExceeded(limit)))
    })
    const answer = await bench.fetch('/x')
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([429, '7'])
    expect(await answer.json()).toMatchObject({
      code: 'rate_limit_exceeded',
      retry_after: 7,
      rate_limit: { max_requests: 1, window_seconds: 60, remaining: 0, reset_time: 5 },
    })
  })

  it('that is a bug tells nothing outside, and everything in the log', async () => {
    bench = await startHttpBench((router) => {
      router.on('GET', '/x', about, () => Promise.reject(new Error('password=canary')))
    })
    const answer = await bench.fetch('/x')
    const text = await answer.text()
    expect([answer.status, JSON.parse(text).code]).toEqual([500, 'internal'])
    expect(text).not.toContain('canary')
    expect(bench.logged.join('')).toContain('canary')
    expect(bench.logged.join('')).toContain(answer.headers.get('x-request-id'))
  })

  it('for nothing at an address is a problem too, whatever the address', async () => {
    bench = await startHttpBench(echo)
    for (const path of ['/nope', '/echo', '/%E0%A4%A', '/a/b?c']) {
      const answer = await bench.fetch(path)
      expect(answer.status, path).toBe(404)
      expect(await answer.json()).toMatchObject({ status: 404, code: 'no_route' })
      expect(answer.headers.get('content-type')).toContain('application/problem+json')
    }
    expect(await raw('nonsense\r\n\r\n')).toMatch(/^HTTP\/1.1 400 .*"code":"invalid_payload"/s)
  })

  it('of a known caller is told to who keeps refusals; of strangers and reads it is not', async () => {
    const refusals: HttpRefusal[] = []
    const onRefused = (refusal: HttpRefusal) => refusals.push(refusal)
    bench = await startHttpBench(
      (router) => {
        router.group('', [byScopes], (group) => {
          group.on('POST', '/x', { ...about, body: z.object({ a: z.number() }) }, async () => 1)
          group.on('GET', '/x', about, () => Promise.reject(new NotFound('gone')))
        })
      },
      { onRefused },
    )
    const authorization = 'Bearer read'
    await bench.post('/x', { a: 'b' })
    await bench.fetch('/x', { headers: { authorization } })
    await bench.post('/x', { a: 'b' }, { authorization })
    const headers = { authorization, 'content-type': 'application/json' }
    await bench.fetch('/x', { method: 'POST', body: '{"a":', headers })
    expect(refusals).toMatchObject([
      { target: 'POST /x', peer: '127.0.0.1', error: { code: 'invalid_payload' } },
      { target: 'POST /x', error: { code: 'invalid_json' } },
    ])
    expect(refusals[0]?.payload.toString()).toBe('{"a":"b"}')
  })

  it('is counted by code, and requests by route, never by address', async () => {
    bench = await startHttpBench((router) => {
      router.on('GET', '/users/{id}', about, async () => 1)
    })
    await bench.fetch('/users/ada')
    await bench.fetch('/users/a%20b')
    await bench.fetch('/secret/ada')
    const text = await bench.metrics.render()
    expect(text).toContain('belfry_messages_refused_total{door="http",code="invalid_payload"} 1')
    expect(text).toContain(
      'http_request_seconds_count{method="GET",route="/users/:id",status="200"} 1',
    )
    expect(text).not.toContain('ada')
  })
})

describe('the server', () => {
  it('names the port and the variable when the port is taken', async () => {
    bench = await startHttpBench()
    const settings = { port: bench.server.port }
    await expect(startHttpBench(undefined, { settings })).rejects.toThrow(
      new RegExp(`Port ${bench.server.port} on 127.0.0.1 is taken.*HTTP_PORT`),
    )
    const metricsPort = bench.server.port
    await expect(startHttpBench(undefined, { settings: { metricsPort } })).rejects.toThrow(
      new RegExp(`${metricsPort} .*METRICS_PORT`),
    )
  })

  it('sends a strict policy with every answer, and nothing about what it is made with', async () => {
    bench = await startHttpBench(echo)
    for (const path of ['/livez', '/nope']) {
      const { headers } = await bench.fetch(path)
      expect(headers.get('content-security-policy')).toContain("script-src 'self';")
      expect(headers.get('content-security-policy')).not.toContain('unsafe')
      expect(headers.get('x-content-type-options')).toBe('nosniff')
      expect(headers.get('strict-transport-security')).toBeNull()
      expect([headers.get('server'), headers.get('x-powered-by')]).toEqual([null, null])
    }
  })

  it('ends what is at work when it stops, and takes nothing new', async () => {
    const gate = Promise.withResolvers<void>()
    const begun = Promise.withResolvers<void>()
    bench = await startHttpBench((router) => {
      router.on('GET', '/slow', about, async () => {
        begun.resolve()
        await gate.promise
        return { done: true }
      })
    })
    await bench.fetch('/livez')
    const slow = bench.fetch('/slow')
    await begun.promise
    const stopped = bench.server.stop(60_000)
    await expect(
      fetch(`${bench.url}/livez`, { headers: { connection: 'close' } }),
    ).rejects.toThrow()
    gate.resolve()
    const answer = await slow
    expect(answer.headers.get('connection')).toBe('close')
    expect(await answer.json()).toEqual({ done: true })
    await stopped
  })

  it('cuts what does not end in time', async () => {
    bench = await startHttpBench((router) => {
      router.on('GET', '/never', about, () => new Promise(() => {}))
    })
    const never = bench.fetch('/never').catch((error: unknown) => error)
    await bench.fetch('/livez')
    await bench.server.stop(50)
    expect(await never).toBeInstanceOf(Error)
  })

  it('gives raw requests to their handler, with the headers that everybody gets', async () => {
    bench = await startHttpBench(undefined, {
      prepare: (server) =>
        server.onRaw('GET', '/sse', (request, response) => {
          response.writeHead(200, { 'content-type': 'text/event-stream' })
          response.end(`data: ${request.url}\n\n`)
        }),
    })
    const answer = await bench.fetch('/sse?channels=a')
    expect(await answer.text()).toBe('data: /sse?channels=a\n\n')
    expect(answer.headers.get('x-content-type-options')).toBe('nosniff')
    expect((await bench.fetch('/sse/else')).status).toBe(404)
  })

  it('answers a server that is asked over a foreign socket of its own', async () => {
    bench = await startHttpBench(echo)
    const proxy = createServer((request, response) => {
      const { method, url, headers } = request
      const onward = httpRequest(`${bench.url}${url}`, { method, headers }, (answer) => {
        response.writeHead(answer.statusCode ?? 0, answer.headers)
        answer.pipe(response)
      })
      request.pipe(onward)
    })
    await new Promise<void>((go) => proxy.listen(0, '127.0.0.1', go))
    const { port } = proxy.address() as AddressInfo
    const answer = await fetch(`http://127.0.0.1:${port}/echo`, { method: 'POST', body: '{"a":1}' })
    expect(await answer.json()).toMatchObject({ payload: { a: 1 } })
    proxy.closeAllConnections()
    proxy.close()
  })
})

describe('files', () => {
  let root: string
  const make = async () => {
    root = mkdtempSync(join(tmpdir(), 'belfry-files-'))
    mkdirSync(join(root, 'site', 'assets'), { recursive: true })
    writeFileSync(join(root, 'secret.txt'), 'secret')
    writeFileSync(join(root, 'site', 'index.html'), '<h1>Belfry</h1>')
    writeFileSync(join(root, 'site', 'assets', 'app-BdA4x9_Q.js'), 'run()')
    symlinkSync(join(root, 'secret.txt'), join(root, 'site', 'link.txt'))
    bench = await startHttpBench(echo, {
      prepare: (server) => server.serveFiles(join(root, 'site')),
    })
  }
  afterEach(() => rmSync(root, { recursive: true }))

  it('are served where no route is, and not sent again when they did not change', async () => {
    await make()
    const page = await bench.fetch('/')
    expect([page.status, await page.text()]).toEqual([200, '<h1>Belfry</h1>'])
    expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8')
    const etag = page.headers.get('etag') ?? ''
    expect((await bench.fetch('/', { headers: { 'if-none-match': etag } })).status).toBe(304)
    const script = await bench.fetch('/assets/app-BdA4x9_Q.js')
    expect(script.headers.get('cache-control')).toContain('immutable')
    expect((await bench.fetch('/echo')).status).toBe(404)
    expect((await bench.fetch('/', { method: 'POST' })).status).toBe(404)
  })

  it('are all that is served, however the address is written', async () => {
    await make()
    for (const path of [
      ...['/link.txt', '/../secret.txt', '/..%2fsecret.txt', '/%2e%2e/secret.txt'],
      ...['/assets/../../secret.txt', '/assets/..%5c..%5csecret.txt', '/%00', '/secret.txt'],
      ...['/assets', '/assets/', '//etc/passwd', '/.%2e/secret.txt', '/index.html%00.txt'],
    ]) {
      const answer = await raw(`GET ${path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n`)
      expect(answer, path).toMatch(/^HTTP\/1.1 404 /)
      expect(answer).not.toContain('secret"')
    }
  })
})
