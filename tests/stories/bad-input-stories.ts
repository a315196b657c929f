import { expect, it } from 'vitest'
import type { Device, MqttVersion } from '../support/mqtt-device.ts'
import { waitFor } from '../support/wait-for.ts'
import { fresh, type Json, type World } from './world.ts'

const USER = 'notifications/realtime/user'

interface BadMessage {
  readonly what: string
  readonly topic: string
  /** What is sent; `mark` must be found in the dead letter. */
  readonly payload: (mark: string) => object | string
  readonly code: string
  /** The field that is complained of. */
  readonly path?: string
}

const deep = (depth: number, mark: string) =>
  `{"mark":"${mark}","data":${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}}`

/** Messages with something wrong in them, and the word that their publisher is told. */
const BAD: readonly BadMessage[] = [
  {
    what: 'JSON that is cut off',
    ...{ topic: `${USER}/42`, payload: (mark) => `{"message":"${mark}`, code: 'invalid_json' },
  },
  {
    what: 'words where JSON is needed',
    ...{ topic: 'notifications/email/send', payload: (mark) => mark, code: 'invalid_json' },
  },
  {
    what: 'a list',
    ...{ topic: `${USER}/42`, payload: (mark) => `["${mark}"]`, code: 'invalid_payload' },
  },
  {
    what: 'a number as message',
    ...{ topic: `${USER}/42`, payload: (mark) => ({ message: 7, mark }), code: 'invalid_payload' },
    path: 'message',
  },
  {
    what: 'no message',
    ...{ topic: `${USER}/42`, payload: (mark) => ({ title: mark }), code: 'invalid_payload' },
    path: 'message',
  },
  {
    what: 'a message only in what __proto__ would bring',
    topic: `${USER}/42`,
    payload: (mark) => `{"title":"${mark}","__proto__":{"message":"x"}}`,
    ...{ code: 'invalid_payload', path: 'message' },
  },
  {
    what: 'a thousand levels of nesting',
    ...{ topic: `${USER}/42`, payload: (mark) => deep(1000, mark), code: 'invalid_payload' },
  },
  {
    what: 'a priority nobody knows',
    topic: `${USER}/42`,
    payload: (mark) => ({ message: mark, priority: 'urgent' }),
    ...{ code: 'invalid_payload', path: 'priority' },
  },
  {
    what: 'a channel nobody knows',
    topic: `${USER}/42`,
    payload: (mark) => ({ message: mark, channels: ['pigeon'] }),
    ...{ code: 'invalid_payload', path: 'channels' },
  },
  {
    what: 'a user id in the topic that is none',
    ...{ topic: `${USER}/4 2`, payload: (mark) => ({ message: mark }), code: 'invalid_payload' },
  },
  {
    what: 'a user id that is too long',
    topic: `${USER}/${'x'.repeat(129)}`,
    payload: (mark) => ({ message: mark }),
    code: 'invalid_payload',
  },
  {
    what: 'a group id in the payload that is none',
    topic: 'notifications/realtime/broadcast',
    payload: (mark) => ({ message: mark, target_groups: ['../etc'] }),
    code: 'invalid_payload',
  },
  {
    what: 'a session id that is none',
    topic: 'websocket/connect/42',
    payload: (mark) => ({ session_id: `a b ${mark}` }),
    ...{ code: 'invalid_payload', path: 'session_id' },
  },
  {
    what: 'a number for a list of systems',
    topic: 'notifications/alerts/critical/heat',
    payload: (mark) => ({ message: mark, affected_systems: 7 }),
    ...{ code: 'invalid_payload', path: 'affected_systems' },
  },
  {
    what: 'an address that is none',
    topic: 'notifications/email/send',
    payload: (mark) => ({ to: `${mark} at example`, subject: 'S', body: 'B' }),
    ...{ code: 'invalid_payload', path: 'to' },
  },
  {
    what: 'a moment that is none',
    topic: `${USER}/42`,
    payload: (mark) => ({ message: mark, send_at: 'tomorrow' }),
    ...{ code: 'invalid_payload', path: 'send_at' },
  },
  {
    what: 'an alert that nobody raised',
    topic: `notifications/alerts/ack/${fresh('none')}`,
    payload: (mark) => ({ note: mark }),
    code: 'not_found',
  },
]

/** What is wrong is refused with a reason, kept, told, and hurts nobody. */
export function tellBadInput(version: MqttVersion, world: () => World): void {
  const device = () => world().device(version)

  for (const { what, topic, payload, code, path } of BAD) {
    it.concurrent(`[S1-040 X-10] ${version}: ${what} is ${code}`, async () => {
      const mark = fresh('bad')
      const sent = payload(mark)
      await device().listen('notifications/errors')
      const isAnswered = version === '5' || typeof sent === 'object'
      if (isAnswered) {
        const reply = await device().ask(topic, sent)
        expect(reply).toMatchObject({ status: 'error', error: { code } })
        if (path !== undefined) {
          const issue = expect.objectContaining({ path: expect.stringContaining(path) })
          expect(reply.error.issues).toEqual(expect.arrayContaining([issue]))
        }
      } else await device().publish(topic, sent)
      await isRecorded(world(), device(), { mark, code, topic })
      await stillWorks(device())
    })
  }

  it.concurrent(`[X-10] ${version}: bytes that are no text are kept as base64`, async () => {
    const bytes = Buffer.from([0x7b, 0xff, 0xfe, 0x00, 0x7d])
    const topic = `${USER}/${fresh('bytes')}`
    await device().publish(topic, bytes)
    const letter = await world().deadLetter(topic)
    expect(letter).toMatchObject({ code: 'invalid_payload', binary: true, bytes: 5 })
    expect(Buffer.from(letter.payload, 'base64')).toEqual(bytes)
  })

  it.concurrent(`[X-10] ${version}: __proto__ is left out, the rest is taken`, async () => {
    const user = fresh('u')
    const payload = '{"message":"Hi","__proto__":{"read":true},"data":{"__proto__":{"x":1},"y":2}}'
    await device().publish(`${USER}/${user}`, payload)
    const record = await world().notification(user)
    expect(record).toMatchObject({ message: 'Hi', data: { y: 2 }, read: false })
    expect(Object.keys(record.data)).toEqual(['y'])
  })

  it.concurrent(`[S1-026] ${version}: what is filtered is kept, and nobody is told`, async () => {
    const mark = fresh('bad')
    await device().listen('notifications/errors')
    const reply = await device().ask(`${USER}/${mark}`, { message: ' ' })
    expect(reply).toMatchObject({ error: { code: 'filtered', reason: 'empty_message' } })
    expect(await world().deadLetter(mark)).toMatchObject({ code: 'filtered' })
    const later = fresh('bad')
    await device().ask(`${USER}/${later}`, {})
    await device().hears('notifications/errors', ({ text }) => text.includes(later))
    const told = device().heard('notifications/errors')
    expect(told.filter(({ text }) => text.includes(mark))).toEqual([])
  })

  it.concurrent(`[X-10] ${version}: 300 KiB are too much for a message`, async () => {
    const topic = `${USER}/${fresh('big')}`
    await device().publish(topic, { message: 'x'.repeat(300 * 1024) })
    expect(await world().deadLetter(topic)).toMatchObject({ code: 'too_large' })
    await stillWorks(device())
  })
}

interface Expected {
  readonly mark: string
  readonly code: string
  readonly topic: string
}

async function isRecorded(world: World, device: Device, { mark, code, topic }: Expected) {
  const letter = await world.deadLetter(mark)
  expect(letter).toMatchObject({ code, topic, door: 'mqtt', error: { code } })
  const told = await device.hears('notifications/errors', ({ text }) => text.includes(letter.id))
  const { at, error, ...rest } = JSON.parse(told.text)
  expect([at, error, rest]).toEqual([letter.at, letter.error, { id: letter.id, topic }])
}

/** The publisher is connected, and its next message is taken. */
export async function stillWorks(device: Device): Promise<void> {
  expect(device.isConnected).toBe(true)
  const reply = await device.ask(`${USER}/${fresh('ok')}`, { message: 'Still here' })
  expect(reply.status).toBe('sent')
}

/** The same by HTTP, where the answer says it. */
export function tellBadRequests(world: () => World): void {
  const post = (body: unknown, headers: Record<string, string> = {}) =>
    world().service.api('POST', '/api/notifications', body, headers)

  it.concurrent('[S0-071] HTTP: what is wrong is a problem with a code', async () => {
    const mark = fresh('bad')
    const device = world().device('311')
    await device.listen('notifications/errors')
    const cases: [unknown, number, string][] = [
      [`{"to":"${mark}`, 400, 'invalid_json'],
      [deep(1000, mark), 422, 'invalid_payload'],
      [{ to: 'user:42' }, 422, 'invalid_payload'],
      [{ to: 'nobody', message: mark }, 422, 'invalid_payload'],
      [{ to: 'user:42', message: mark, priority: 'urgent' }, 422, 'invalid_payload'],
      [{ to: 'user:42', message: 'x'.repeat(1024 * 1024) }, 413, 'too_large'],
    ]
    for (const [body, status, code] of cases) {
      const answer = await post(body)
      expect([answer.status, answer.body.code]).toEqual([status, code])
      expect(answer.headers.get('content-type')).toContain('application/problem+json')
    }
    // What is too large is not read, so there is nothing to keep.
    const kept = await waitFor(
      async () => {
        const { data } = await world().http('GET', '/api/dead-letters?limit=100')
        const ours = data.filter((letter: Json) => letter.payload.includes(mark))
        return ours.length === 4 ? (ours as Json[]) : null
      },
      { message: 'the refusals are not kept' },
    )
    for (const { id, code } of kept) {
      const told = await device.hears('notifications/errors', ({ text }) => text.includes(id))
      expect(JSON.parse(told.text)).toMatchObject({
        ...{ topic: 'POST /api/notifications', error: { code } },
      })
    }
  })

  it.concurrent('[S0-071] HTTP: an id that nobody can have, a path nobody serves', async () => {
    const rejected = await post({ to: ['user:4 2', 'user:43'], message: 'Hi' })
    expect(rejected.body).toMatchObject({
      notifications: [{ user_id: '43' }],
      rejected: [{ to: 'user:4 2', error: { code: 'invalid_payload' } }],
    })
    const nowhere = await world().service.api('POST', '/api/nowhere', {})
    expect([nowhere.status, nowhere.body.code]).toEqual([404, 'no_route'])
  })

  it.concurrent('a socket that sends nonsense is told so and stays', async () => {
    const app = await world().app(fresh('u'))
    for (const frame of ['{"type":', '[]', '{"type":"fly"}', deep(1000, 'x'), 'null']) {
      const before = app.of('error').length
      app.send(frame)
      await waitFor(() => app.of('error').length > before, { message: `no error for ${frame}` })
    }
    expect(await app.ask({ type: 'ping' })).toMatchObject({ type: 'result' })
    await app.close()
  })
}
