import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { EventTypeBody, type WrittenEventType } from '../../../services/events/event-type-body.ts'
import { payloadSchemaOf } from '../../../services/events/payload-schema.ts'
import { createEventTypes } from '../../../src/bootstrap/event-settings.ts'
import { MemoryBus } from '../../../src/store/memory-bus.ts'
import { silentLog as log } from '../../support/delivery.ts'
import { FlowBench } from '../../support/flow-bench.ts'

const object = (properties: object, more: object = {}) => ({ type: 'object', properties, ...more })
const within = (schema: unknown) => object({ a: schema }, { required: ['a'] })

describe('[S3-033 X-12] a payload schema that is saved', () => {
  it.each<[schema: unknown, fits: unknown[], not: unknown[]]>([
    [{ type: 'string', minLength: 2, maxLength: 3 }, ['ab', 'abc'], ['a', 'abcd', 1, null]],
    [{ type: 'string', format: 'email' }, ['a@example.com'], ['a']],
    [{ type: 'string', format: 'date-time' }, ['2026-01-05T12:00:00+01:00'], ['today']],
    [{ type: 'string', pattern: '^ORD-\\d+$' }, ['ORD-17'], ['ORD-', 'an ORD-17']],
    [{ type: 'string', pattern: 'b|c' }, ['abd', 'c\n'], ['ad']],
    [{ type: 'string', pattern: '^(?:a|b)' }, ['ax', 'b'], ['xa']],
    [{ type: 'string', pattern: '\\$$' }, ['5$'], ['$5']],
    [{ type: 'integer', minimum: 1, exclusiveMaximum: 9 }, [1, 8], [0, 9, 1.5, '1']],
    [{ type: 'number', multipleOf: 0.5 }, [1.5], [1.2]],
    [{ type: ['string', 'null'], maxLength: 1 }, ['a', null], ['ab', 1]],
    [{ enum: ['new', 'paid', 3, null] }, ['new', 3, null], ['old', 4]],
    [{ const: true }, [true], [false, 'true']],
    [{}, [1, 'a', null, {}, []], [undefined]],
    [true, [1, null], [undefined]],
    [{ type: 'array', items: { type: 'string' }, minItems: 1 }, [['a']], [[], [1], 'a']],
    [{ type: 'array', uniqueItems: true }, [[1, 2]], [[1, 1]]],
    [{ type: 'array', prefixItems: [{ type: 'string' }] }, [['a', 1], []], [[1]]],
    [{ type: 'array', prefixItems: [true], items: false }, [[1]], [[1, 2]]],
    [{ type: 'object', minProperties: 1 }, [{ x: 1 }], [{}, []]],
    [{ type: 'object', required: ['x'] }, [{ x: null }], [{}]],
    [{ type: 'object', additionalProperties: { type: 'number' } }, [{ x: 1 }], [{ x: 'a' }]],
    [object({ b: { type: 'number' } }, { additionalProperties: false }), [{}], [{ c: 1 }]],
    [{ anyOf: [{ type: 'string', pattern: '^a' }, { type: 'number' }] }, ['ab', 1], ['b', null]],
    [{ oneOf: [{ type: 'number' }, { type: 'integer' }] }, [1.5], [1, 'a']],
    [{ allOf: [{ type: 'number' }, { type: 'number', minimum: 3 }] }, [3], [2]],
    [{ anyOf: [{ const: 1 }, { const: 2 }], oneOf: [{ const: 1 }, { const: 3 }] }, [1], [2, 3]],
  ])('%j', (written, fits, not) => {
    expect(EventTypeBody.safeParse({ schema: within(written) }).error).toBeUndefined()
    const schema = payloadSchemaOf(within(written))
    for (const a of fits)
      expect(schema.safeParse({ a }), JSON.stringify(a)).toMatchObject({ success: true })
    for (const a of [...not, undefined]) {
      const payload = a === undefined ? {} : { a }
      expect(schema.safeParse(payload).success, JSON.stringify(a)).toBe(false)
    }
  })

  it('gives a payload out as it came: unknown fields and their order stay, a default is a note', () => {
    const money = { type: 'object', properties: { amount: { type: 'number' } } }
    const schema = payloadSchemaOf({
      ...{
        $schema: 'https://json-schema.org/draft/2020-12/schema',
        title: 'Order',
        'x-owner': 'shop',
      },
      ...object({ total: { $ref: '#/$defs/money' }, note: { type: 'string', default: '-' } }),
      ...{ $defs: { money }, allOf: [object({ total: money }), { type: 'object' }] },
    })
    const payload = { z: [{ deep: { er: 1 } }], total: { currency: 'EUR', amount: 3 }, a: null }
    const given = schema.parse(payload)
    expect(JSON.stringify(given)).toBe(JSON.stringify(payload))
    expect(schema.safeParse({ total: { amount: 'x' } }).error?.issues).toContainEqual(
      expect.objectContaining({ path: ['total', 'amount'], message: 'must be a number' }),
    )
  })

  it('takes no longer for a pattern that a backtracking matcher would never finish', () => {
    const schema = payloadSchemaOf(within({ type: 'string', pattern: '^(a+)+$' }))
    const start = process.cpuUsage().user
    expect(schema.safeParse({ a: `${'a'.repeat(10_000)}!` }).success).toBe(false)
    expect(process.cpuUsage().user - start).toBeLessThan(2_000_000)
  })

  const chain = Object.fromEntries(
    Array.from({ length: 40 }, (_, n) => [
      `n${n}`,
      { allOf: [{ $ref: `#/$defs/n${n + 1}` }, { $ref: `#/$defs/n${n + 1}` }] },
    ]),
  )
  it.each<[schema: unknown, path: string, words: string]>([
    ['text', '', 'object'],
    [{ type: 'string' }, 'type', 'must be "object"'],
    [within({ type: 'text' }), 'properties.a.type', 'must be of object, array, string'],
    [within({ type: 'string', minLength: '3' }), 'properties.a.minLength', 'number'],
    [within({ minLength: 3 }), 'properties.a.minLength', 'needs "type": "string"'],
    [{ properties: {} }, 'properties', 'needs "type": "object"'],
    [within({ enum: [1], minimum: 3 }), 'properties.a.minimum', 'beside enum'],
    [within({ type: 'string', format: 'colour' }), 'properties.a.format', 'date-time'],
    [{ type: 'object', if: {} }, 'if', 'is not known here; there are type'],
    [object({}, { patternProperties: { '(a+)+': {} } }), 'patternProperties', 'is not known'],
    [within({ type: 'string', pattern: '(?=a)b' }), 'properties.a.pattern', 'of which only (?:'],
    [within({ type: 'string', pattern: '(a)\\1' }), 'properties.a.pattern', 'not known'],
    [within({ type: 'string', pattern: '^a|b$' }), 'properties.a.pattern', '^(?:one|other)$'],
    [within({ type: 'string', pattern: 'a)(b' }), 'properties.a.pattern', ') too many'],
    [within({ $ref: 'https://example.com/a.json' }), 'properties.a.$ref', '"#/$defs/<name>"'],
    [within({ $ref: '#/$defs/none' }), 'properties.a.$ref', '"#/$defs/<name>"'],
    [within({ $ref: '#/$defs/x', type: 'string' }), 'properties.a.type', 'beside $ref'],
    [
      { type: 'object', $defs: { a: { type: 'array', items: { $ref: '#/$defs/a' } } } },
      '$defs.a.items.$ref',
      'must not lead back to a',
    ],
    [{ type: 'object', $defs: { ...chain, n40: {} } }, '', 'at most 1000 schemas'],
    [{ type: 'object', description: 'x'.repeat(17_000) }, '', 'at most 16384 bytes'],
  ])('%j is refused: %s %s', (schema, path, words) => {
    const [issue] = EventTypeBody.safeParse({ schema }).error?.issues ?? []
    expect(issue?.path.join('.')).toBe(['schema', path].filter((part) => part !== '').join('.'))
    expect(issue?.message).toContain(words)
  })
})

describe('[S3-033] the schema of a type', () => {
  let bench: FlowBench
  beforeEach(() => {
    bench = new FlowBench()
  })
  afterEach(() => bench.store.close())
  const say = (types: FlowBench['services']['eventTypes'], written: object) =>
    types.save('order.shipped', EventTypeBody.parse(written) as WrittenEventType)

  it('that is saved wins over the code, in every process, until it is taken back', async () => {
    const { store, keys, clock } = bench
    const bus = new MemoryBus()
    const process = () => {
      const { eventTypes } = createEventTypes({ store, keys, clock, log, bus })
      eventTypes.define({ name: 'order.shipped', schema: z.object({ order: z.string() }) })
      return eventTypes
    }
    const [here, there] = [process(), process()]
    const payload = { order: 'a', parcels: 3 }
    expect(await there.check('order.shipped', payload)).toEqual({ order: 'a' })

    const schema = object({ parcels: { type: 'integer' } }, { required: ['parcels'] })
    await say(here, { schema, display_name: 'Shipped' })
    expect(await there.check('order.shipped', payload)).toEqual(payload)
    await expect(there.check('order.shipped', { order: 'a' })).rejects.toMatchObject({
      ...{ code: 'invalid_payload', issues: [{ path: 'parcels', message: 'is required' }] },
    })
    expect(await there.list()).toMatchObject([{ schema, display_name: 'Shipped' }])
    expect((await there.find('order.shipped')).schema).toBe(
      (await there.find('order.shipped')).schema,
    )

    await say(here, { schema: null, display_name: 'Shipped' })
    await expect(there.check('order.shipped', { parcels: 3 })).rejects.toMatchObject({
      ...{ code: 'invalid_payload', issues: [{ path: 'order', message: 'is required' }] },
    })
    await say(here, { schema })
    await here.remove('order.shipped')
    expect(await there.check('order.shipped', payload)).toEqual({ order: 'a' })
  })
})
