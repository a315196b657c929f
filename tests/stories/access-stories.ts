import { expect, it } from 'vitest'
import { Device } from '../support/mqtt-device.ts'
import { publishPacket } from '../support/mqtt-packets.ts'
import { NativeClient } from '../support/native-client.ts'
import { signToken } from '../support/tokens.ts'
import { fresh, type Json, type World } from './world.ts'

const USER = 'notifications/realtime/user'

/** Who may publish where, on a broker that knows nobody: each message proves itself. */
export function tellAccessByMessage(world: () => World): void {
  const publisher = () => signToken('svc', { scope: 'publish' })

  for (const version of ['311', '5'] as const) {
    it.concurrent(`[S1-024 K-04] ${version}: a token in the payload lets a message in and is not kept`, async () => {
      const [user, token] = [fresh('u'), await publisher()]
      const message = { message: 'Hello', token, data: { a: 1 } }
      const reply = await world().device(version).ask(`${USER}/${user}`, message)
      expect(reply.status).toBe('sent')
      const { redis } = world()
      const record = (await redis?.get(`notification:${reply.notification_id}`)) ?? ''
      expect(JSON.parse(record)).toMatchObject({ message: 'Hello', data: { a: 1 } })
      expect(record).not.toContain(token)
    })

    it.concurrent(`[S1-024] ${version}: a bad token, or none, is unauthenticated; the token is not kept`, async () => {
      const device = world().device(version)
      await device.listen('notifications/errors')
      const forged = await signToken(
        'svc',
        { scope: 'publish' },
        'another-secret-0123456789-0123456789',
      )
      for (const token of [forged, 'nonsense', undefined]) {
        const mark = fresh('bad')
        const message = { message: mark, ...(token === undefined ? {} : { token }) }
        const reply = await device.ask(`${USER}/42`, message)
        expect(reply).toMatchObject({ status: 'error', error: { code: 'unauthenticated' } })
        const letter = await deadLetter(world(), mark)
        expect(letter).toMatchObject({ code: 'unauthenticated', topic: `${USER}/42` })
        if (token !== undefined) expect(JSON.stringify(letter)).not.toContain(token)
        await device.hears('notifications/errors', ({ text }) => text.includes(letter.id))
      }
      expect(device.isConnected).toBe(true)
    })

    it.concurrent(`[S1-024] ${version}: a topic outside the token's rights is forbidden`, async () => {
      const token = await signToken('svc', { scope: 'publish', topics: [`${USER}/+`] })
      const ask = (topic: string, fields: object) =>
        world()
          .device(version)
          .ask(topic, { ...fields, token })
      const user = fresh('u')
      expect((await ask(`${USER}/${user}`, { message: 'Hi' })).status).toBe('sent')
      const reply = await ask('events/order.shipped', { mark: user })
      expect(reply).toMatchObject({ status: 'error', error: { code: 'forbidden' } })
      expect(await deadLetter(world(), user)).toMatchObject({ code: 'forbidden' })
    })

    it.concurrent(`[S1-024] ${version}: without the scope nobody publishes; sessions are one's own`, async () => {
      const [ann, bob] = [fresh('ann'), fresh('bob')]
      const reader = await signToken(ann, { scope: 'read' })
      const ask = (topic: string, fields: object, token: string) =>
        world()
          .device(version)
          .ask(topic, { ...fields, token })
      const { error } = await ask(`${USER}/42`, { message: 'Hi' }, reader)
      expect(error.code).toBe('forbidden')
      const own = await ask(`websocket/connect/${ann}`, {}, reader)
      expect(own.status).toBe('connected')
      const theirs = await ask(`websocket/connect/${bob}`, {}, reader)
      expect(theirs.error.code).toBe('forbidden')
      const writer = await signToken(ann, { scope: 'publish' })
      const read = await ask(`notifications/inbox/read/${bob}`, { all: true }, writer)
      expect(read.error.code).toBe('forbidden')
    })
  }

  it.concurrent('[S1-024] 5: a user property carries the token too', async () => {
    const device = world().device('5')
    const ask = (authorization: string) =>
      device.ask(
        `${USER}/42`,
        { message: 'Hi' },
        { properties: { userProperties: { authorization } } },
      )
    expect((await ask(`Bearer ${await publisher()}`)).status).toBe('sent')
    expect((await ask('Bearer nonsense')).error.code).toBe('unauthenticated')
  })

  it.concurrent('[S0-071] HTTP: the same tokens, scopes and words', async () => {
    const call = async (token: string | null, path: string, body?: object) => {
      const headers = token === null ? {} : { authorization: `Bearer ${token}` }
      const answer = await world().service.api(body ? 'POST' : 'GET', path, body, headers)
      return [answer.status, answer.body.code]
    }
    const message = { to: 'user:42', message: 'Hi' }
    expect(await call(null, '/api/notifications', message)).toEqual([401, 'unauthenticated'])
    expect(await call('nonsense', '/api/notifications')).toEqual([401, 'unauthenticated'])
    const reader = await signToken('ann', { scope: 'read' })
    expect(await call(reader, '/api/notifications', message)).toEqual([403, 'forbidden'])
    expect(await call(reader, '/api/notifications')).toEqual([200, undefined])
    expect(await call(reader, '/api/notifications?user_id=bob')).toEqual([403, 'forbidden'])
    expect(await call(await publisher(), '/api/notifications', message)).toEqual([202, undefined])
  })
}

/** On the broker inside the process the connection proves who it is. */
export function tellAccessByConnection(world: () => World): void {
  const connect = async (subject: string, claims: object) => {
    const password = await signToken(subject, { ...claims })
    return Device.connect(world().service.mqttUrl, '311', {
      ...{ username: subject, password, owner: subject },
    })
  }

  it.concurrent('[S1-024] who shows no valid token is not let in', async () => {
    const { mqttUrl } = world().service
    await expect(Device.connect(mqttUrl, '311')).rejects.toThrow(/[Nn]ot authorized/)
    const forged = { username: 'x', password: 'nonsense' }
    await expect(Device.connect(mqttUrl, '311', forged)).rejects.toThrow(/[Bb]ad username/)
  })

  it.concurrent('[S1-024] a topic outside the rights is refused, kept and told; the connection stays', async () => {
    const claims = { scope: 'publish', topics: [`${USER}/+`] }
    const device = await connect(fresh('svc'), claims)
    const mark = fresh('bad')
    await device.publish('events/order.shipped', { mark })
    expect(await deadLetter(world(), mark)).toMatchObject({
      ...{ code: 'forbidden', topic: 'events/order.shipped' },
    })
    const reply = await device.ask(`${USER}/${fresh('u')}`, { message: 'Hi' })
    expect(reply.status).toBe('sent')
    await device.close()
  })

  it.concurrent('[X-04] names of admins are guarded without a prefix too', async () => {
    const app = async (subject: string, claims: object) => {
      const token = await signToken(subject, { ...claims })
      return (await NativeClient.connect(world().socketUrl(`token=${token}`))).client
    }
    const ann = await app(fresh('ann'), { scope: 'read' })
    const chief = await app(fresh('chief'), { scope: 'read', roles: ['super_admin'] })
    for (const channel of ['security-alerts', 'private-security-alerts', 'admin-role-ops']) {
      const refused = await ann.ask({ type: 'subscribe', channel })
      expect(refused).toMatchObject({ type: 'error', code: 'forbidden' })
    }
    for (const channel of ['security-alerts', 'private-security-alerts']) {
      const joined = await chief.ask({ type: 'subscribe', channel })
      expect(joined).toMatchObject({ type: 'result', subscribed: true })
    }
    const others = await ann.ask({ type: 'subscribe', channel: 'private-user.bob' })
    expect(others).toMatchObject({ type: 'error', code: 'forbidden' })
    const open = await ann.ask({ type: 'subscribe', channel: 'news' })
    expect(open).toMatchObject({ type: 'result', subscribed: true })
    await Promise.all([ann.close(), chief.close()])
  })

  it.concurrent('[X-10] an illegal topic is refused, kept and told; the connection stays', async () => {
    const device = await connect(fresh('svc'), { scope: 'publish' })
    const mark = fresh('bad')
    const topic = `${USER}/+`
    device.client.stream.write(publishPacket({ topic, payload: mark, qos: 1, id: 700 }))
    expect(await deadLetter(world(), mark)).toMatchObject({ topic, code: 'invalid_payload' })
    expect((await device.ask(`${USER}/${fresh('u')}`, { message: 'Hi' })).status).toBe('sent')
    await device.close()
  })

  it.concurrent('[S4-028] everybody may count his own inbox, and operators everything', async () => {
    const stats = async (scope: string) => {
      const authorization = `Bearer ${await signToken(fresh('u'), { scope })}`
      return world().service.api('GET', '/api/stats', undefined, { authorization })
    }
    expect((await stats('read')).body).toEqual({ total: 0, unread: 0, by_type: {} })
    expect((await stats('operate')).body).toMatchObject({ total: 0, users: expect.any(Number) })
    expect(await stats('publish')).toMatchObject({ status: 403, body: { code: 'forbidden' } })
  })

  it.concurrent('[X-10] a mebibyte is refused and kept, and nobody else notices', async () => {
    const [device, other] = [
      await connect(fresh('svc'), { scope: 'publish' }),
      await connect(fresh('svc'), { scope: 'publish' }),
    ]
    const topic = `${USER}/${fresh('big')}`
    device.client.publish(topic, 'x'.repeat(1024 * 1024), { qos: 1 })
    expect(await deadLetter(world(), topic)).toMatchObject({ code: 'too_large' })
    expect((await other.ask(`${USER}/${fresh('u')}`, { message: 'Hi' })).status).toBe('sent')
    await Promise.all([device.close(), other.close()])
  })
}

/** Read by somebody who may. */
async function deadLetter(world: World, mark: string): Promise<Json> {
  const token = await signToken('ops', { scope: 'operate' })
  return world.deadLetter(mark, { authorization: `Bearer ${token}` })
}
