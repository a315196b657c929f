import { randomUUID } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openStore } from '../../src/bootstrap/open-store.ts'
import { AppCredentials } from '../../src/broadcasting/app-credentials.ts'
import { loadConfig } from '../../src/config.ts'
import { systemClock as clock } from '../../src/support/clock.ts'
import { createLogger } from '../../src/support/logger.ts'
import { Device } from '../support/mqtt-device.ts'
import { NativeClient } from '../support/native-client.ts'
import { startService, type TestService } from '../support/service.ts'
import { SseClient } from '../support/sse-client.ts'
import { waitFor } from '../support/wait-for.ts'

const SECRET = 'only-for-tests-app-secret'
const ROOM = 'presence-chat.room.9'

describe('[S0-087 G-24] erasing somebody who is there', () => {
  let service: TestService
  beforeAll(async () => {
    service = await startService({ env: { BELFRY_APP_SECRET: SECRET } })
  })
  afterAll(() => service?.stop())

  it('closes his connections, and leaves nothing of him in channels, presence, histories and on the broker', async () => {
    const user = randomUUID()
    const email = `${user.slice(0, 8)}@example.com`
    const ws = service.url.replace('http', 'ws')
    await service.api('PUT', `/api/users/${user}`, { email })
    const { client: his } = await NativeClient.connect(`${ws}/ws/chat/9?user_id=${user}`)
    await his.ask({ type: 'subscribe', channel: `private-user.${user}` })
    const sse = await SseClient.open(
      `${service.url}/sse?channels=private-user.${user},${ROOM}&user_id=${user}`,
    )
    const { client: witness } = await NativeClient.connect(`${ws}/ws?user_id=witness`)
    await witness.ask({ type: 'subscribe', channel: ROOM })
    for (const to of [user, 'witness']) {
      await service.api('POST', '/api/notifications', { to: `user:${to}`, message: `For ${to}` })
    }
    // A back end says something on his own channel, which keeps it for whoever comes back.
    const data = JSON.stringify({ for: user, email })
    const said = JSON.stringify({ name: 'said', channel: `private-user.${user}`, data })
    const app = new AppCredentials({ id: 'belfry', key: 'belfry', secret: SECRET })
    const request = { method: 'POST', path: '/apps/belfry/events', body: said }
    const url = app.signedUrl(request, Date.now())
    const json = { 'content-type': 'application/json' }
    expect((await service.api('POST', url, said, json)).status).toBe(200)
    await his.next('event', ({ channel }) => channel === `private-user.${user}`)
    const device = await Device.connect(service.mqttUrl, '311')
    await device.listen('users/+/unread')
    expect((await device.hears(`users/${user}/unread`)).text).toBe('1')

    const erased = await service.api('DELETE', `/api/users/${user}/data`)
    expect(erased.body).toMatchObject({ status: 'erased', notifications: 1 })
    expect(await his.ended()).toMatchObject({ reason: expect.any(String) })
    await waitFor(() => sse.isClosed)
    await witness.next('event', (frame) => {
      return frame.channel === ROOM && frame.event === 'presence:leaving'
    })
    await waitFor(() => device.heard(`users/${user}/unread`).at(-1)?.text === '')
    const late = await Device.connect(service.mqttUrl, '311')
    await late.listen('users/+/unread')
    await late.hears('users/witness/unread')
    await late.listen('after')
    await late.client.publishAsync('after', 'all that is retained', { qos: 1 })
    await late.hears('after')
    expect(late.heardUnder('users/').map(({ topic }) => topic)).toEqual(['users/witness/unread'])
    expect((await service.api('GET', '/api/connections')).body.data).toMatchObject([
      { user_id: 'witness' },
    ])

    await Promise.all([witness.close(), device.close(), late.close()])
    await service.stop()
    const bytes = await readFile(join(service.dataDir, 'belfry.db'), 'latin1')
    expect([user, email].filter((word) => bytes.includes(word))).toEqual([])
    const config = loadConfig({ ...service.surroundings.env, DATA_DIR: service.dataDir })
    const { store, bus } = await openStore(config, { clock, log: createLogger('error') })
    const found: string[] = []
    for await (const { key, value } of store.keys()) {
      const text = `${key} ${JSON.stringify(value)}`
      if (text.includes(user) || text.includes(email)) found.push(key)
    }
    await Promise.all([bus.close(), store.close()])
    expect(found).toEqual([])
  })
})
