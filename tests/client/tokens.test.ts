import { SignJWT } from 'jose'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { type ClientOptions, NotificationClient } from '../../client/src/core/index.ts'
import { startService, type TestService } from '../support/service.ts'
import { signToken, TEST_JWT_SECRET } from '../support/tokens.ts'
import { waitFor } from '../support/wait-for.ts'

describe('NotificationClient, where the service wants a token', () => {
  let service: TestService
  const clients: NotificationClient[] = []

  beforeAll(async () => {
    service = await startService({ env: { BELFRY_JWT_SECRET: TEST_JWT_SECRET } })
  })
  afterAll(() => service?.stop())
  afterEach(() => {
    for (const client of clients.splice(0)) client.disconnect()
  })

  function open(options: ClientOptions): NotificationClient {
    const client = new NotificationClient({ url: service.url, random: () => 0.02, ...options })
    clients.push(client)
    return client
  }

  it('connects with one, and knows from it who the user is', async () => {
    const client = open({ token: await signToken('ada') })
    await client.connect()
    expect(client.isConnected).toBe(true)
    expect(await client.preferences()).toMatchObject({ sms: false })
  })

  it('asks for a new one when the last has ended', async () => {
    let asked = 0
    const token = async () => {
      asked += 1
      // The first ends while it is in use.
      return asked === 1 ? shortLived('ada', 2) : signToken('ada')
    }
    const client = open({ token })
    await client.connect()
    await waitFor(() => asked > 1 && client.isConnected)
    expect(await client.list()).toMatchObject({ data: [] })
  })

  it('waits for one that cannot be had yet', async () => {
    let asked = 0
    const token = async () => {
      asked += 1
      if (asked < 4) throw new Error('the network is away')
      return signToken('ada')
    }
    const client = open({ token })
    await client.connect()
    expect(client.connectionState).toMatch(/connected|polling/)
  })

  it('gives up with one that does not hold, and says why', async () => {
    const client = open({ token: 'nonsense' })
    const errors: string[] = []
    client.on('error', ({ code }) => errors.push(code))
    await expect(client.connect()).rejects.toMatchObject({ code: 'unauthenticated', status: 401 })
    expect(client.connectionState).toBe('disconnected')
    expect(errors).toEqual(['unauthenticated'])
    await client.connect(await signToken('ada'))
    expect(client.isConnected).toBe(true)
  })

  it('tabs of two users share nothing', async () => {
    const [ada, bo] = await Promise.all(
      ['ada', 'bo'].map(async (sub) => open({ token: await signToken(sub) })),
    )
    await Promise.all([ada!.connect(), bo!.connect()])
    const admin = await signToken('root', { scope: 'publish' })
    const authorization = { authorization: `Bearer ${admin}` }
    const body = { to: 'user:ada', message: 'for Ada alone' }
    const heard: string[] = []
    bo!.on('notification', ({ message }) => heard.push(message))
    await service.api('POST', '/api/notifications', body, authorization)
    await waitFor(() => ada!.snapshot.notifications.length === 1)
    await service.api('POST', '/api/notifications', { ...body, to: 'user:bo' }, authorization)
    await waitFor(() => bo!.snapshot.notifications.length === 1)
    expect(heard).toHaveLength(1)
    expect(ada!.snapshot.notifications).toHaveLength(1)
  })
})

function shortLived(subject: string, seconds: number): Promise<string> {
  return new SignJWT({})
    .setProtectedHeader({ alg: 'HS256' })
    .setSubject(subject)
    .setExpirationTime(`${seconds} s`)
    .sign(new TextEncoder().encode(TEST_JWT_SECRET))
}
