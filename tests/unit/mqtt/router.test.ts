import { describe, expect, expectTypeOf, it } from 'vitest'
import { z } from 'zod'
import type { RouteMiddleware } from '../../../src/mqtt/route.ts'
import { Router } from '../../../src/mqtt/router.ts'
import { contextOf } from './context.ts'

const done = async () => undefined

describe('Router', () => {
  it('types parameters, those of the group included, and the validated payload', () => {
    const router = new Router()
    const Reading = z.object({ value: z.string().transform(Number), unit: z.string().optional() })
    router.group('sites/{site}', [], (site) => {
      site.group('rooms/{room:int}', [], (room) => {
        room.on('sensors/{sensor}', { qos: 1, payload: Reading }, async ({ params, payload }) => {
          expectTypeOf(params).toEqualTypeOf<{
            readonly site: string
            readonly room: string
            readonly sensor: string
          }>()
          expectTypeOf(payload).toEqualTypeOf<{ value: number; unit?: string | undefined }>()
          return { status: 'ok' }
        })
        // @ts-expect-error: there is no parameter of this name
        room.on('other', { qos: 0 }, async ({ params }) => ({ name: params.sensor }))
      })
      site.on('raw', { qos: 0 }, async ({ payload }) => {
        expectTypeOf(payload).toEqualTypeOf<Readonly<Record<string, unknown>>>()
      })
    })
    expect(router.match('sites/s1/rooms/2/sensors/t')?.params).toMatchObject({
      site: 's1',
      room: '2',
      sensor: 't',
    })
  })

  it('runs the middleware of the groups from outside in, then validation, then the handler', async () => {
    const steps: string[] = []
    const step = (name: string): RouteMiddleware =>
      async function named(context, next) {
        steps.push(`${name} ${JSON.stringify(context.payload)}`)
        return next()
      }
    const router = new Router()
    router.group('a', [step('outer')], (outer) => {
      outer.group('', [step('inner')], (inner) => {
        inner.on('b', { qos: 1, payload: z.object({ n: z.coerce.number() }) }, async (context) => {
          steps.push(`handler ${JSON.stringify(context.payload)}`)
          return { status: 'ok' }
        })
      })
    })
    const route = router.match('a/b')?.value
    await expect(route?.run(contextOf({ payload: { n: '1', x: 2 } }))).resolves.toEqual({
      status: 'ok',
    })
    expect(steps).toEqual(['outer {"n":"1","x":2}', 'inner {"n":"1","x":2}', 'handler {"n":1}'])
  })

  it('tells every issue of a payload with its path', async () => {
    const router = new Router()
    const payload = z.object({ a: z.object({ b: z.string() }), list: z.array(z.number()) })
    router.on('a', { qos: 1, payload }, done)
    const run = router.match('a')!.value.run(contextOf({ payload: { a: {}, list: [1, 'x'] } }))
    await expect(run).rejects.toMatchObject({
      code: 'invalid_payload',
      issues: [
        { path: 'a.b', message: expect.any(String) },
        { path: 'list.1', message: expect.any(String) },
      ],
    })
  })

  it('a second route of the same shape names both', () => {
    const router = new Router()
    router.on('a/{x}', { qos: 0 }, done)
    expect(() => router.group('a', [], (a) => a.on('{y}', { qos: 1 }, done))).toThrow(
      /"a\/\{y\}".*"a\/\{x\}"/,
    )
    expect(() => router.on('a/{y:int}', { qos: 1 }, done)).not.toThrow()
  })

  it('a malformed route and an impossible pool are refused', () => {
    const router = new Router()
    expect(() => router.on('a/#', { qos: 0 }, done)).toThrow('The topic pattern "a/#"')
    expect(() => router.on('a', { qos: 0, workerCount: 0 }, done)).toThrow('0 workers')
  })

  it('describes its routes', () => {
    const router = new Router()
    const payload = z.object({})
    async function authenticate(_context: unknown, next: () => Promise<unknown>) {
      return next()
    }
    router.group('mail', [authenticate], (mail) => {
      mail.on('send/{id}', { qos: 2, payload, workerCount: 3, text: true }, done)
      mail.on('{rest*}', { qos: 0, shared: true, retained: 'accept' }, done)
    })
    expect(router.routes).toEqual([
      {
        pattern: 'mail/send/{id}',
        filter: 'mail/send/+',
        qos: 2,
        shared: true,
        workerCount: 3,
        text: true,
        retained: false,
        payload,
        middleware: ['authenticate'],
      },
      {
        pattern: 'mail/{rest*}',
        filter: 'mail/#',
        qos: 0,
        shared: true,
        workerCount: 1,
        text: false,
        retained: true,
        payload: null,
        middleware: ['authenticate'],
      },
    ])
  })
})
