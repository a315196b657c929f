import { execFile } from 'node:child_process'
import { mkdtempDisposableSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Notification } from '../../../src/index.ts'
import { Device } from '../../support/mqtt-device.ts'
import { type OwnBelfry, startOwn } from '../../support/own-belfry.ts'
import { waitFor } from '../../support/wait-for.ts'

const BIN = join(import.meta.dirname, '..', '..', '..', 'bin', 'belfry.js')
const run = promisify(execFile)

class OrderPaid extends Notification {
  readonly total: number

  constructor(total: number) {
    super()
    this.total = total
  }

  via() {
    return ['database', 'mail']
  }
  override databaseType() {
    return 'order.paid'
  }
  override toArray() {
    return { title: 'Paid', message: `${this.total}` }
  }
  override toMail() {
    return { subject: 'Paid', line: `${this.total}` }
  }
}

// biome-ignore lint/suspicious/noExplicitAny: answers of every shape.
type Json = any

describe('[S0-036 S3-006 X-12 G-23] what is said of an event type counts for everything of that type', () => {
  let belfry: OwnBelfry
  let device: Device
  const api = async (method: string, path: string, body?: object): Promise<Json> => {
    const answer = await fetch(`${belfry.app.url}/api${path}`, {
      method,
      headers: { 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    return { status: answer.status, ...((await answer.json()) as object) }
  }
  const cli = async (...args: string[]): Promise<Json> => {
    const env = { ...process.env, BELFRY_URL: belfry.app.url }
    return JSON.parse((await run(process.execPath, [BIN, '--json', ...args], { env })).stdout)
  }
  const inbox = async (user: string): Promise<Json[]> =>
    (await api('GET', `/notifications?user_id=${user}`)).data
  const trace = (id: string) => api('GET', `/notifications/${id}/trace`)

  beforeAll(async () => {
    belfry = await startOwn({
      eventTypes: [
        {
          name: 'order.paid',
          channels: ['email'],
          conditions: ['payload.total >= 100'],
          throttle: { limit: 5, window: 3600 },
        },
      ],
      notifications: [OrderPaid],
    })
    device = await Device.connect(`mqtt://127.0.0.1:${belfry.app.mqttPort}`, '311')
    await api('PUT', '/users/ada', { email: 'ada@example.com', phone: '+12025550123' })
  })
  afterAll(async () => {
    await device?.close()
    await belfry?.[Symbol.asyncDispose]()
  })

  it('from code: by HTTP, on MQTT, as an event and as a notification class', async () => {
    const refused = await api('POST', '/notifications', {
      ...{ to: 'user:ada', type: 'order.paid', message: 'x', data: { total: 99 } },
    })
    const [{ error }] = refused.rejected
    expect(error).toMatchObject({ code: 'filtered', reason: 'condition' })
    expect(await trace(error.notification_id)).toMatchObject({
      ...{ status: 'dropped', reason: 'condition', detail: 'payload.total >= 100' },
    })
    const taken = await api('POST', '/notifications', {
      ...{ to: 'user:ada', type: 'order.paid', message: 'x', data: { total: 100 } },
    })
    expect(taken.notifications[0].channels).toEqual(['email'])

    const topic = 'notifications/realtime/user/ada'
    const low = await device.ask(topic, { message: 'y', type: 'order.paid', total: 1 })
    expect(low).toMatchObject({ status: 'error', error: { code: 'filtered' } })
    const high = await device.ask(topic, { message: 'y', type: 'order.paid', total: 500 })
    expect(high).toMatchObject({ status: 'sent', channels: ['email'] })

    for (const total of [10, 1000]) {
      const event = { name: 'order.paid', payload: { total }, target_users: ['bob'] }
      await api('POST', '/events', event)
    }
    const told = await waitFor(async () => (await inbox('bob')).length > 0 && inbox('bob'))
    expect(told.map(({ data }) => data.total)).toEqual([1000])

    const outcomes = await Notification.send('ada', new OrderPaid(5))
    expect(outcomes.skipped[0]).toMatchObject({ reason: 'condition' })
    expect((await Notification.send('ada', new OrderPaid(5000))).sent).toHaveLength(2)
  })

  it('saved by HTTP and from the command line: checked, shown, in force at once, taken back', async () => {
    const wrong = await api('PUT', '/event-types/order.paid', {
      ...{ conditions: ['total > 3'], delay: 'soon', channels: ['fax'], colour: 'red' },
    })
    expect(wrong).toMatchObject({ status: 422, code: 'invalid_payload' })
    const paths = wrong.issues.map(({ path }: Json) => path)
    expect(paths).toEqual(expect.arrayContaining(['conditions.0', 'delay', 'channels.0']))

    const body = {
      conditions: [{ any: ['payload.total >= 100', 'user = ada'] }],
      channel_conditions: { sms: ['payload.total >= 1000'] },
      channels: ['sms', 'email'],
      preferences: { sms: true },
    }
    const saved = await cli('event-types', 'set', 'order.paid', JSON.stringify(body))
    expect(saved).toMatchObject({ ...body, throttle: { limit: 5, window: 3600 } })
    const sent = await api('POST', '/notifications', {
      ...{ to: 'user:ada', type: 'order.paid', message: 'z', data: { total: 3 } },
    })
    const { notification_id: id, channels } = sent.notifications[0]
    expect(channels).toEqual(['email'])
    expect((await trace(id)).deliveries).toContainEqual({
      ...{
        channel: 'sms',
        status: 'skipped',
        reason: 'condition',
        detail: 'payload.total >= 1000',
      },
    })
    const dry = await api('POST', '/notifications/dry-run', {
      ...{ to: 'user:bob', type: 'order.paid', message: 'z', data: { total: 3 } },
    })
    expect(dry.data[0].gates).toContainEqual(
      expect.objectContaining({ gate: 'event type', outcome: 'refuse' }),
    )
    const { data } = await api('GET', '/event-types')
    expect(data).toMatchObject([{ name: 'order.paid', channels: ['sms', 'email'] }])
    expect(await cli('event-types', 'show', 'order.paid')).toMatchObject(data[0])
    await cli('event-types', 'remove', 'order.paid')
    expect(await api('GET', '/event-types/order.paid')).toMatchObject({
      conditions: ['payload.total >= 100'],
    })
    expect((await api('DELETE', '/event-types/order.paid')).status).toBe(404)
  })
  it('a payload schema from a file holds at every door, keeps unknown fields, and is taken back', async () => {
    using folder = mkdtempDisposableSync(join(tmpdir(), 'belfry-schema-'))
    const name = 'order_shipped'
    const schema = {
      type: 'object',
      properties: {
        order: { type: 'string', pattern: '^[A-Z]-\\d+$' },
        total: { $ref: '#/$defs/m' },
      },
      required: ['order'],
      $defs: { m: { type: 'number', minimum: 0 } },
    }
    const file = join(folder.path, 'order.schema.json')
    await writeFile(file, JSON.stringify(schema))
    expect(await cli('event-types', 'set', name, '--schema', file)).toMatchObject({ schema })
    expect((await api('GET', `/event-types/${name}`)).schema).toEqual(schema)
    const refused = await api('PUT', `/event-types/${name}`, { schema: { ...schema, not: {} } })
    expect(refused).toMatchObject({
      ...{ status: 422, code: 'invalid_payload' },
      issues: [{ path: 'schema.not', message: expect.stringContaining('there are type') }],
    })

    const wrong = { order: 'seven', total: -1 }
    const fault = {
      code: 'invalid_payload',
      issues: [
        { path: 'order', message: 'must match the pattern ^[A-Z]-\\d+$' },
        { path: 'total', message: 'must be at least 0' },
      ],
    }
    const byHttp = await api('POST', '/events', { name, payload: wrong })
    expect(byHttp).toMatchObject({ status: 422, ...fault })
    const byMqtt = await device.ask(`events/${name}`, wrong)
    expect(byMqtt).toMatchObject({ status: 'error', error: fault })
    const letters = await waitFor(async () => {
      const { data } = await api('GET', '/dead-letters')
      return data.length > 0 && JSON.stringify(data)
    })
    expect(letters).toContain('must match the pattern')
    const hooked = await fetch(`${belfry.app.url}/hooks/cloudevents`, {
      method: 'POST',
      headers: { 'content-type': 'application/cloudevents+json' },
      body: JSON.stringify({
        specversion: '1.0',
        id: '1',
        source: '/shop',
        type: name,
        data: wrong,
      }),
    })
    expect(await hooked.json()).toMatchObject(fault)

    const right = { order: 'A-7', parcels: [{ weight: 2 }], total: 3 }
    await device.ask(`events/${name}`, right)
    await api('POST', '/events', { name, payload: right })
    const { data } = await api('GET', '/events?limit=2')
    expect(data.map(({ payload }: Json) => payload)).toEqual([right, right])
    await cli('event-types', 'remove', name)
    expect((await api('GET', `/event-types/${name}`)).schema).toBeNull()
    expect(await api('POST', '/events', { name, payload: wrong })).not.toHaveProperty('issues')
  })
})
