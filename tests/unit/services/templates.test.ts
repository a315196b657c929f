import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { messageOf } from '../../../services/notifications/notification-record.ts'
import { TemplateBody } from '../../../services/templates/template-body.ts'
import { TemplateEngine } from '../../../services/templates/template-engine.ts'
import { previewTemplate } from '../../../services/templates/template-preview.ts'
import { createTemplates } from '../../../src/bootstrap/templates.ts'
import { Keys } from '../../../src/store/keys.ts'
import { MemoryBus } from '../../../src/store/memory-bus.ts'
import { openSqliteStore, type SqliteStore } from '../../../src/store/sqlite/sqlite-store.ts'
import type { Logger } from '../../../src/support/logger.ts'
import { silentLog } from '../../support/delivery.ts'
import { FakeClock } from '../../support/fake-clock.ts'

let store: SqliteStore
let bus: MemoryBus
let errors: object[]
const clock = new FakeClock()

beforeEach(() => {
  store = openSqliteStore({ path: ':memory:', clock, log: silentLog })
  bus = new MemoryBus()
  errors = []
})
afterEach(() => store.close())

/** One process over the common store and bus. */
function aProcess() {
  const error = (fields: object) => errors.push(fields)
  const log: Logger = Object.assign(Object.create(silentLog) as Logger, { error })
  return createTemplates({ store, bus, keys: new Keys(), clock, log })
}

const body = (fields: object) => TemplateBody.parse(fields)

function using(name: string, params: Record<string, unknown> = {}, keepsType = false) {
  return messageOf({ message: name, template: { name, params, keepsType } })
}

const shipped = {
  event_type: 'order.shipped',
  display_name: 'Order shipped',
  notification_type: 'success',
  title_template: 'Order {order}',
  message_template: 'Hello {name}, {{ order | upcase }} is on its way.',
}

describe('TemplateService', () => {
  it('create() takes the seeds’ fields and works out which parameters there are', async () => {
    const { templates } = aProcess()
    const record = await templates.create(body(shipped))
    expect(record).toMatchObject({
      name: 'order.shipped',
      version: 1,
      is_active: true,
      permitted_params: ['name', 'order'],
      locales: { en: { default: { title: 'Order {order}' } } },
    })
    expect(await templates.find(record.id)).toEqual(record)
    expect(await templates.find('order.shipped')).toEqual(record)
  })

  it.each([
    [{ permitted_params: 'name, order' }, null],
    [{ permitted_params: ['name'] }, /\{order\} is not one of the permitted/],
    [{ permitted_params: ['name', 'order', '__proto__'] }, /cannot be a parameter/],
    [{ permitted_params: ['name', 'order', `a${'b'.repeat(500)}`] }, /at most 500 characters/],
    [{ title_template: 'x'.repeat(400) }, null],
    [{ title_template: 'x'.repeat(401) }, /at most 400/],
    [{ event_type: null, name: 'n', title_template: 'x'.repeat(201) }, /at most 200/],
    [{ message_template: 'x'.repeat(4001) }, /at most 4000/],
    [{ message_template: undefined }, /message_template is required/],
    [{ event_type: undefined }, /a name or an event_type is required/],
    [{ message_template: '{{ name' }, /not closed/],
    [{ message_template: '{{ name | nonsense }}' }, /undefined filter/],
    [{ message_template: "{% include 'secrets' %}" }, /not found/],
    [{ message_template: "{% render 'secrets' %}" }, /not found/],
    [{ message_template: '{{ constructor }}' }, /cannot be a parameter/],
  ])('create() checks what is saved, case %#', async (fields, issue) => {
    const { templates } = aProcess()
    const creating = templates.create(body({ ...shipped, ...fields }))
    if (issue === null) await expect(creating).resolves.toBeDefined()
    else {
      const error = await creating.catch((thrown) => thrown)
      expect(error).toMatchObject({ code: 'invalid_payload' })
      expect(JSON.stringify(error.issues)).toMatch(issue)
    }
  })

  it.each([
    { event_type: 'x'.repeat(51) },
    { name: 'x'.repeat(101) },
    { notification_type: 'loud' },
    { channels: { pigeon: { message: 'm' } } },
    { locales: { 'no locale': {} } },
  ])('a body is refused, case %#', (fields) => {
    expect(TemplateBody.safeParse({ ...shipped, ...fields }).success).toBe(false)
  })

  it('a name is taken once, also under two processes at the same time', async () => {
    const [one, other] = [aProcess(), aProcess()]
    const results = await Promise.allSettled([
      one.templates.create(body(shipped)),
      other.templates.create(body(shipped)),
    ])
    expect(results.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
    expect(await one.templates.list()).toHaveLength(1)
  })

  it('update() makes a version, keeps what is not given, and the earlier ones', async () => {
    const { templates } = aProcess()
    await templates.create(body(shipped))
    const second = await templates.update('order.shipped', body({ title_template: 'Sent' }))
    expect(second).toMatchObject({ version: 2, locales: { en: { default: { title: 'Sent' } } } })
    expect(second.locales.en?.default?.message).toBe(shipped.message_template)
    const first = await templates.find('order.shipped', 1)
    expect(first.locales.en?.default?.title).toBe('Order {order}')
    await expect(templates.find('order.shipped', 9)).rejects.toMatchObject({ code: 'not_found' })
  })

  it('[S3-017] update() refuses a parameter that nobody permitted, where somebody has said which there are', async () => {
    const { templates } = aProcess()
    await templates.create(body({ ...shipped, permitted_params: 'name, order' }))
    const change = (changes: object) => templates.update('order.shipped', body(changes))
    await expect(change({ title_template: '{owner}' })).rejects.toThrow('is not valid')
    await change({ title_template: '{owner}', permitted_params: 'name, order, owner' })
    await templates.create(body({ ...shipped, event_type: null, name: 'free' }))
    const free = await templates.update('free', body({ title_template: '{owner}' }))
    expect(free.permitted_params).toEqual(['name', 'order', 'owner'])
  })

  it('update() frees a name that is given up', async () => {
    const { templates } = aProcess()
    await templates.create(body({ ...shipped, name: 'old' }))
    await templates.update('old', body({ name: 'new' }))
    await expect(templates.find('old')).rejects.toMatchObject({ code: 'not_found' })
    await templates.create(body({ ...shipped, name: 'old' }))
    expect((await templates.list()).map(({ name }) => name)).toEqual(['new', 'old'])
  })

  it('remove() leaves nothing in the store', async () => {
    const { templates } = aProcess()
    await templates.create(body(shipped))
    await templates.remove('order.shipped')
    const left: string[] = []
    for await (const { key } of store.keys('*template*')) left.push(key)
    expect(left).toEqual([])
  })

  it('a change reaches other processes over the bus', async () => {
    const [one, other] = [aProcess(), aProcess()]
    await one.templates.create(body(shipped))
    expect((await other.templates.find('order.shipped')).version).toBe(1)
    await one.templates.update('order.shipped', body({ title_template: 'Sent' }))
    await Promise.resolve()
    expect((await other.templates.find('order.shipped')).version).toBe(2)
    expect(
      await other.templateRenderer.apply(using('order.shipped', { name: 'A', order: 'b' }), null),
    ).toMatchObject({ title: 'Sent' })
  })
})

describe('TemplateRenderer', () => {
  it('apply() fills both forms of parameters and takes the template’s type', async () => {
    const { templates, templateRenderer } = aProcess()
    await templates.create(body(shipped))
    const params = { name: "Ada $& $' {order}", order: 'ab-1', unknown: 'x' }
    const message = await templateRenderer.apply(using('order.shipped', params), null)
    expect(message).toMatchObject({
      title: 'Order ab-1',
      message: "Hello Ada $& $' {order}, AB-1 is on its way.",
      type: 'success',
    })
    const kept = await templateRenderer.apply(using('order.shipped', params, true), null)
    expect(kept.type).toBe('info')
  })

  it.each([
    ['fr-CA', 'Bonjour du Canada'],
    ['fr_ca', 'Bonjour du Canada'],
    ['fr-FR', 'Bonjour'],
    ['fr', 'Bonjour'],
    ['de', 'Hello'],
    [null, 'Hello'],
  ])('speaks %s to somebody: %s', async (locale, said) => {
    const { templates, templateRenderer } = aProcess()
    const locales = {
      en: { default: { message: 'Hello' } },
      fr: { default: { message: 'Bonjour' } },
      'fr-CA': { default: { message: 'Bonjour du Canada' } },
    }
    await templates.create(body({ name: 'hello', locales }))
    const message = await templateRenderer.apply(using('hello'), locale)
    expect(message.message).toBe(said)
  })

  it('gives channels their own words, and escapes in HTML alone', async () => {
    const { templates, templateRenderer } = aProcess()
    const channels = {
      mail: { title: 'Mail for {name}', html: '<b>{name}</b> {{ name | raw }}' },
      sms: { message: 'SMS {name}' },
    }
    await templates.create(body({ name: 'n', message_template: 'Dear {name}', channels }))
    const { texts, message } = await templateRenderer.apply(using('n', { name: '<i>&' }), null)
    expect(message).toBe('Dear <i>&')
    expect(texts.email).toEqual({
      title: 'Mail for <i>&',
      message: 'Dear <i>&',
      html: '<b>&lt;i&gt;&amp;</b> <i>&',
    })
    expect(texts.sms).toEqual({ message: 'SMS <i>&' })
  })

  it.each([{}, { is_active: false }])('refuses what is not there: %j', async (fields) => {
    const { templates, templateRenderer } = aProcess()
    if ('is_active' in fields) await templates.create(body({ ...shipped, ...fields }))
    await expect(templateRenderer.apply(using('order.shipped'), null)).rejects.toMatchObject({
      code: 'invalid_payload',
      message: expect.stringContaining('"order.shipped"'),
    })
  })

  it.each([
    ['a missing value', '{name}', {}, /undefined variable/],
    ['an inherited value', '{{ name.constructor.name }}', { name: {} }, /undefined variable/],
    ['a prototype', '{{ name.__proto__ }}', { name: {} }, /undefined variable/],
    ['a huge range', '{% for i in (1..999999999) %}x{% endfor %}', {}, /memory alloc limit/],
    [
      'a loop almost without end',
      '{% for i in (1..90000) %}{% for j in (1..90000) %}{% endfor %}{% endfor %}',
      {},
      /render limit/,
    ],
    [
      'ten million characters',
      '{% for i in (1..50000) %}{{ name }}{% endfor %}',
      { name: 'x'.repeat(200) },
      /longer than 65536/,
    ],
  ])('%s makes a fallback and an error in the log', async (_what, text, params, reason) => {
    const { templates, templateRenderer } = aProcess()
    await templates.create(body({ ...shipped, message_template: text, title_template: 'T' }))
    const message = await templateRenderer.apply(using('order.shipped', params), null)
    expect(message).toMatchObject({ title: 'Notification', message: 'Order shipped', texts: {} })
    expect(errors).toMatchObject([
      { template: 'order.shipped', reason: expect.stringMatching(reason) },
    ])
  })

  it('a machine that stands still for a moment makes no fallback', () => {
    const engine = new TemplateEngine()
    let reads = 0
    const params = {
      get name() {
        const until = performance.now() + (reads++ === 0 ? 150 : 0)
        while (performance.now() < until);
        return 'Ada'
      },
    }
    const text = engine.compile('Hello {{ name }}, {{ name }}{% if true %}!{% endif %}', 'text')
    expect(engine.render(text, params)).toBe('Hello Ada, Ada!')
    expect(reads).toBeGreaterThan(2)
  })

  it('what was accepted is sent even if its template is removed meanwhile', async () => {
    const { templates, templateRenderer } = aProcess()
    await templates.create(body(shipped))
    const accepted = await templateRenderer.accept(using('order.shipped'))
    await templates.remove('order.shipped')
    const message = await templateRenderer.apply(accepted, null)
    expect(message).toMatchObject({ title: 'Notification', message: 'Order shipped' })
  })
})

describe('previewTemplate()', () => {
  it('shows the wording of a variant, and the template’s own where it says nothing', async () => {
    const { templates, templateRenderer } = aProcess()
    const loud = { weight: 1, locales: { en: { default: { title: 'Look!' } } } }
    const record = await templates.create(body({ ...shipped, variants: { loud } }))
    const sample = { locale: null, params: { order: '7', name: 'Ada' } }
    const own = previewTemplate(templateRenderer, record, sample)
    const varied = previewTemplate(templateRenderer, record, { ...sample, variant: 'loud' })
    expect(varied.variant).toBe('loud')
    expect(varied.channels.push).toMatchObject({ title: 'Look!' })
    expect(own.channels.push).not.toMatchObject({ title: 'Look!' })
    const messageOf = ({ channels }: typeof own) =>
      (channels.push as { readonly message: string }).message
    expect(messageOf(varied)).toBe(messageOf(own))
  })

  it('shows every channel with its size, and what is missing', async () => {
    const { templates, templateRenderer } = aProcess()
    const record = await templates.create(
      body({
        ...shipped,
        channels: { sms: { message: 'ş'.repeat(71) }, push: { message: 'p'.repeat(4000) } },
      }),
    )
    const preview = previewTemplate(templateRenderer, record, {
      locale: null,
      params: { order: 'a', x: 1 },
    })
    expect(preview).toMatchObject({
      template: 'order.shipped',
      version: 1,
      locale: 'en',
      missing_params: ['name'],
      unknown_params: ['x'],
      channels: {
        database: { title: 'Order a', message: 'Hello , A is on its way.' },
        sms: { encoding: 'UCS-2', units: 71, segments: 2 },
        push: { bytes: 4029, is_too_large: false },
      },
    })
    expect(Object.keys(preview.channels)).toHaveLength(10)
  })
})
