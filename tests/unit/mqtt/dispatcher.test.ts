import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { Dispatcher, type DispatcherParts } from '../../../src/mqtt/dispatcher.ts'
import { dryRun } from '../../../src/mqtt/dry-run.ts'
import type { Publisher } from '../../../src/mqtt/message.ts'
import type { Refusal } from '../../../src/mqtt/refusal.ts'
import type { RouteMiddleware } from '../../../src/mqtt/route.ts'
import { Router } from '../../../src/mqtt/router.ts'
import { Forbidden, RateLimitExceeded, Unavailable } from '../../../src/support/errors.ts'
import { Metrics } from '../../../src/support/metrics.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { incoming, silent } from './context.ts'

type Published = { topic: string; body: unknown; correlation: string | undefined }

function setUp(define: (router: Router) => void, own: Partial<DispatcherParts> = {}) {
  const router = new Router()
  define(router)
  const published: Published[] = []
  const publisher: Publisher = {
    async publish(topic, payload, options) {
      const correlation = options?.correlationData?.toString()
      published.push({ topic, body: JSON.parse(payload.toString()), correlation })
    },
  }
  const refusals: Refusal[] = []
  const clock = new FakeClock()
  const dispatcher = new Dispatcher({
    router,
    publisher,
    clock,
    log: silent,
    prefix: '',
    onRefused: async (refusal) => void refusals.push(refusal),
    ...own,
  })
  return { router, dispatch: dispatcher.dispatch, published, refusals, clock }
}

const echo = (router: Router) =>
  router.on('echo/{id}', { qos: 1, payload: z.object({ n: z.number() }) }, async (context) => ({
    status: 'ok',
    id: context.params.id,
    n: context.payload.n,
  }))

describe('Dispatcher', () => {
  it('[S4-051] counts what it brings to a handler, and how long that took', async () => {
    const metrics = new Metrics()
    const { dispatch } = setUp(echo, { metrics })
    await dispatch(incoming('echo/x', '{"n":1}'))
    await dispatch(incoming('echo/y', '{"n":2}'))
    const text = await metrics.render()
    expect(text).toContain('belfry_messages_received_total{door="mqtt"} 2')
    expect(text).toContain('belfry_dispatch_seconds_count{route="echo/{id}"} 2')
  })

  it('brings a message to its handler and the reply to reply_to', async () => {
    const { dispatch, published } = setUp(echo)
    const payload = '{"n":1,"reply_to":"notifications/replies/me","correlation_id":"c1"}'
    await expect(dispatch(incoming('echo/x', payload))).resolves.toBe('handled')
    expect(published).toEqual([
      {
        topic: 'notifications/replies/me',
        body: { status: 'ok', id: 'x', n: 1, correlation_id: 'c1' },
        correlation: undefined,
      },
    ])
  })

  it('prefers the response topic of MQTT 5 and gives its correlation data back', async () => {
    const { dispatch, published } = setUp(echo)
    const five = {
      responseTopic: 'notifications/replies/five',
      correlationData: Buffer.from('data'),
    }
    await dispatch(incoming('echo/x', '{"n":1,"reply_to":"notifications/replies/me"}', five))
    expect(published).toMatchObject([{ topic: 'notifications/replies/five', correlation: 'data' }])
  })

  it.each([
    'notifications/errors',
    'notifications/replies/',
    'notifications/replies/#',
    'x/\0',
    '',
  ])('never answers at %j', async (replyTo) => {
    const { dispatch, published } = setUp(echo)
    const payload = JSON.stringify({ n: 1, reply_to: replyTo })
    await expect(dispatch(incoming('echo/x', payload))).resolves.toBe('handled')
    expect(published).toEqual([])
  })

  it('expects the topic prefix at reply addresses and takes it off', async () => {
    const { dispatch, published } = setUp(echo, { prefix: 'plant/' })
    const ask = (reply_to: string) =>
      dispatch(incoming('echo/x', JSON.stringify({ n: 1, reply_to })))
    await ask('notifications/replies/me')
    await ask('plant/notifications/replies/me')
    expect(published.map(({ topic }) => topic)).toEqual(['notifications/replies/me'])
  })

  it('refuses with the error envelope, records it, and keeps the correlation', async () => {
    const { dispatch, published, refusals, clock } = setUp(echo)
    const payload = '{"n":"x","reply_to":"notifications/replies/me","correlation_id":7}'
    const meta = { authorization: 'Bearer t' }
    await expect(dispatch(incoming('echo/x', payload, { meta, peer: 'p' }))).resolves.toBe(
      'refused',
    )
    const issues = [{ path: 'n', message: expect.any(String) }]
    const error = { code: 'invalid_payload', message: expect.any(String), issues }
    expect(published[0]?.body).toEqual({ status: 'error', error, correlation_id: 7 })
    expect(refusals).toEqual([
      {
        code: 'invalid_payload',
        error,
        topic: 'echo/x',
        payload: Buffer.from(payload),
        meta,
        peer: 'p',
        tenant: '',
        at: clock.now(),
      },
    ])
  })

  it('refuses what no route takes, and ignores what another session is for', async () => {
    const { dispatch, refusals } = setUp(echo)
    await expect(dispatch(incoming('nowhere', '{}'))).resolves.toBe('refused')
    const others = { only: new Set(['other']) }
    await expect(dispatch(incoming('echo/x', '{"n":1}', others))).resolves.toBe('ignored')
    const ours = { only: new Set(['echo/{id}']) }
    await expect(dispatch(incoming('echo/x', '{"n":1}', ours))).resolves.toBe('handled')
    expect(refusals.map(({ code }) => code)).toEqual(['no_route'])
  })

  it('ignores retained messages unless the route accepts them', async () => {
    const { dispatch } = setUp((router) => {
      echo(router)
      router.on('kept', { qos: 1, retained: 'accept' }, async () => undefined)
    })
    const retained = { retained: true }
    await expect(dispatch(incoming('echo/x', 'not even json', retained))).resolves.toBe('ignored')
    await expect(dispatch(incoming('kept', '{}', retained))).resolves.toBe('handled')
  })

  it('a limit and a missing right are refusals, whether or not trying again may help', async () => {
    const limit = { retryAfter: 5, maxRequests: 1, windowSeconds: 60, resetTime: 1 }
    const errors: Error[] = [new RateLimitExceeded(limit), new Forbidden('no')]
    const { dispatch, refusals } = setUp((router) =>
      router.on('a', { qos: 1 }, async () => {
        throw errors.shift() ?? new Error('bug')
      }),
    )
    for (let n = 0; n < 3; n++) await dispatch(incoming('a', '{}'))
    expect(refusals.map(({ code }) => code)).toEqual([
      'rate_limit_exceeded',
      'forbidden',
      'internal',
    ])
    expect(refusals[0]?.error).toMatchObject({ retry_after: 5, rate_limit: { max_requests: 1 } })
    expect(JSON.stringify(refusals[2]?.error)).not.toContain('bug')
  })

  it('waits for the store and tries the whole way again, with the same id', async () => {
    let failures = 3
    const seen: { id: string; payload: unknown }[] = []
    const stripToken: RouteMiddleware = async (context, next) => {
      seen.push({ id: context.id, payload: structuredClone(context.payload) })
      delete (context.payload as { token?: string }).token
      return next()
    }
    const { dispatch, clock } = setUp((router) =>
      router.group('', [stripToken], (group) =>
        group.on('a', { qos: 1 }, async () => {
          failures -= 1
          if (failures >= 0) throw new Unavailable('away')
        }),
      ),
    )
    const outcome = dispatch(incoming('a', '{"token":"t"}'))
    while (failures >= 0) {
      await Promise.resolve()
      clock.advance(100)
    }
    await expect(outcome).resolves.toBe('handled')
    expect(seen).toHaveLength(4)
    expect(new Set(seen.map((each) => JSON.stringify(each))).size).toBe(1)
  })

  it('gives up on the store when told to, so that the message is not acknowledged', async () => {
    let isOver = false
    const { dispatch, clock, refusals } = setUp(
      (router) =>
        router.on('a', { qos: 1 }, async () => {
          throw new Unavailable('away')
        }),
      { abandoned: () => isOver },
    )
    const outcome = dispatch(incoming('a', '{}'))
    outcome.catch(() => undefined)
    for (let n = 0; n < 20; n++) {
      await Promise.resolve()
      clock.advance(1_000)
    }
    isOver = true
    for (let n = 0; n < 20; n++) {
      await Promise.resolve()
      clock.advance(1_000)
    }
    await expect(outcome).rejects.toThrow('away')
    expect(refusals).toEqual([])
  })

  it('waits until a refusal is recorded, but not for a recorder that is broken', async () => {
    let tries = 0
    const { dispatch, clock } = setUp(echo, {
      onRefused: async () => {
        tries += 1
        if (tries === 1) throw new Unavailable('away')
        throw new TypeError('bug')
      },
    })
    const outcome = dispatch(incoming('echo/x', 'no json'))
    while (tries < 2) {
      await Promise.resolve()
      clock.advance(100)
    }
    await expect(outcome).resolves.toBe('refused')
  })

  it('a reply that cannot be sent changes nothing', async () => {
    const { dispatch, refusals } = setUp(echo, {
      publisher: { publish: () => Promise.reject(new Unavailable('no broker')) },
    })
    const payload = '{"n":1,"reply_to":"notifications/replies/me"}'
    await expect(dispatch(incoming('echo/x', payload))).resolves.toBe('handled')
    expect(refusals).toEqual([])
  })

  it('survives any bytes on any topic', async () => {
    const { dispatch } = setUp((router) => {
      echo(router)
      router.on('text/{id}', { qos: 1, text: true }, async ({ payload }) => payload)
      router.on('all/{rest*}', { qos: 1 }, async ({ payload }) => payload)
    })
    const bytes = fc.uint8Array({ maxLength: 200 }).map((each) => Buffer.from(each))
    const json = fc.json().map((each) => Buffer.from(each))
    const topic = fc.oneof(
      fc.constantFrom('echo/1', 'text/1', 'all/a/b', 'all/'),
      fc.string({ unit: 'binary', maxLength: 30 }),
    )
    const responseTopic = fc.option(fc.string({ unit: 'binary', maxLength: 40 }))
    await fc.assert(
      fc.asyncProperty(topic, fc.oneof(bytes, json), responseTopic, async (on, payload, to) => {
        const outcome = await dispatch(incoming(on, payload, { responseTopic: to }))
        expect(['handled', 'refused']).toContain(outcome)
      }),
      { numRuns: 2_000 },
    )
  })
})

describe('dryRun()', () => {
  const limit: RouteMiddleware = Object.assign(
    async function limited() {
      throw new Error('must not run')
    },
    {
      explain: async (context: { payload: unknown }) =>
        (context.payload as { n?: unknown }).n === 99
          ? { outcome: 'refuse' as const, code: 'rate_limit_exceeded', reason: 'used up' }
          : { outcome: 'pass' as const },
    },
  )
  const opaque: RouteMiddleware = async function opaque() {
    throw new Error('must not run')
  }
  const { router, clock } = setUp((table) =>
    table.group('a', [limit, opaque], (group) =>
      group.on('{id}', { qos: 1, payload: z.object({ n: z.number() }) }, async () => {
        throw new Error('must not run')
      }),
    ),
  )
  const run = (topic: string, payload: string) =>
    dryRun({ router, clock, log: silent, topic, payload: Buffer.from(payload) })
  const summary = async (topic: string, payload: string) =>
    (await run(topic, payload)).steps.map(({ step, outcome }) => `${step} ${outcome}`)

  it('tells every step without running any', async () => {
    expect(await summary('a/x', '{"n":1}')).toEqual([
      'route pass',
      'payload pass',
      'limited pass',
      'opaque unknown',
      'validate pass',
      'handler pass',
    ])
    expect(await run('a/x', '{"n":1}')).toMatchObject({ route: 'a/{id}', params: { id: 'x' } })
  })

  it('ends with the first refusal', async () => {
    expect(await summary('b', '{}')).toEqual(['route refuse'])
    expect(await summary('a/x', '{')).toEqual(['route pass', 'payload refuse'])
    expect(await summary('a/x', '{"n":99}')).toEqual([
      'route pass',
      'payload pass',
      'limited refuse',
    ])
    const { steps } = await run('a/x', '{"n":"1"}')
    expect(steps.at(-1)).toMatchObject({ step: 'validate', code: 'invalid_payload' })
    expect(steps.at(-1)?.reason).toContain('n: ')
  })
})
