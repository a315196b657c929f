import { rmSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import Fastify from 'fastify'
import { afterEach, describe, expect, it } from 'vitest'
import { type AttachOptions, type Belfry, createApp } from '../../../src/bootstrap/create-app.ts'
import { Notification, type OwnDelivery } from '../../../src/index.ts'
import { NativeClient } from '../../support/native-client.ts'
import { startOwn, testOptions } from '../../support/own-belfry.ts'
import { waitFor } from '../../support/wait-for.ts'

class Fax extends Notification {
  via() {
    return ['fax']
  }
  toFax() {
    return { pages: ['one'] }
  }
  override backoff() {
    return 0
  }
}

const closing: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

/** Belfry on a server that answers something itself. */
async function attached(server: Server, options?: AttachOptions): Promise<Belfry> {
  const { dataDir, options: given } = testOptions({ env: { LOG_LEVEL: 'warn' } }, [])
  const app = await createApp(given).attach(server, options)
  closing.push(async () => {
    await app.stop()
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
    rmSync(dataDir, { recursive: true, force: true })
  })
  return app
}

async function listening(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return `http://127.0.0.1:${(server.address() as { port: number }).port}`
}

const textOf = async (url: string) => (await fetch(url)).text()

describe('attach()', () => {
  it('answers on a server of node beside its own paths, sockets included', async () => {
    const server = createServer((_request, response) => response.end('mine'))
    const app = await attached(server)
    const url = await listening(server)
    expect(await textOf(`${url}/`)).toBe('mine')
    expect(await textOf(`${url}/api/mine`)).toBe('mine')
    expect((await fetch(`${url}/livez`)).status).toBe(200)
    const { client } = await NativeClient.connect(`${url.replace('http', 'ws')}/ws?user_id=ada`)
    await app.notifications.send(
      'ada',
      new (class Hello extends Notification {
        via() {
          return ['database', 'realtime']
        }
        override toArray() {
          return { title: 'Hello', message: 'there' }
        }
      })(),
    )
    expect(await client.next('notification')).toMatchObject({ notification: { title: 'Hello' } })
    await client.close()
  })

  it('answers under a prefix on a server of Fastify, and leaves when it stops', async () => {
    const fastify = Fastify()
    fastify.get('/', async () => 'mine')
    fastify.get('/livez', async () => 'mine too')
    await fastify.ready()
    const app = await attached(fastify.server, { prefix: '/belfry' })
    const url = await listening(fastify.server)
    expect(await textOf(`${url}/livez`)).toBe('mine too')
    expect((await fetch(`${url}/belfry/readyz`)).status).toBe(200)
    const { body } = await fetch(`${url}/belfry/api/notifications?user_id=ada`).then(
      async (answer) => ({ body: (await answer.json()) as { data: unknown[] } }),
    )
    expect(body.data).toEqual([])
    await app.stop()
    expect((await fetch(`${url}/belfry/readyz`)).status).toBe(404)
  })
})

describe('createApp()', () => {
  it('takes channels, people and credentials of your own', async () => {
    const sent: OwnDelivery[] = []
    let tries = 0
    await using belfry = await startOwn({
      channels: {
        fax: {
          async send(delivery) {
            if (tries++ === 0) throw new Error('engaged')
            sent.push(delivery)
            return 'fax-1'
          },
        },
      },
      directory: { find: async (id) => (id === 'ada' ? { email: 'ada@example.org' } : null) },
      authenticate: async (credential) =>
        credential === 'sesame' ? { id: 'ada', scopes: ['read', 'publish'] } : null,
      routes({ http, middleware }) {
        http.group('/garden', [middleware.authenticate], (garden) => {
          garden.on('GET', '/beds', { summary: 'Beds', tags: ['garden'] }, async (context) => {
            return { beds: 3, asked_by: context.principal?.id }
          })
        })
      },
    })
    const { url, services } = belfry.app
    const headers = { authorization: 'Bearer sesame' }
    expect((await fetch(`${url}/garden/beds`)).status).toBe(401)
    const answer = await fetch(`${url}/garden/beds`, { headers })
    expect(await answer.json()).toEqual({ beds: 3, asked_by: 'ada' })
    expect((await services.directory.recipient('ada')).user.email).toBe('ada@example.org')

    const outcomes = await Notification.send(
      { id: 'ada', routeNotificationFor: () => '555' },
      new Fax(),
    )
    expect(outcomes.all).toMatchObject([{ channel: 'fax', status: 'queued' }])
    await waitFor(() => sent.length === 1)
    expect(sent[0]).toMatchObject({ address: '555', message: { pages: ['one'] }, userId: 'ada' })
    expect(tries).toBe(2)
  })
})
