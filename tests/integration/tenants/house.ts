import type PusherServer from 'pusher'
import { Device } from '../../support/mqtt-device.ts'
import { NativeClient } from '../../support/native-client.ts'
import { PusherUser, pusherServer } from '../../support/pusher-clients.ts'
import type { TestService } from '../../support/service.ts'
import { SocketIoUser } from '../../support/socketio-client.ts'
import { SseClient } from '../../support/sse-client.ts'
import { signToken } from '../../support/tokens.ts'
import { waitFor } from '../../support/wait-for.ts'

/** The default tenant is one like the others. */
export const TENANTS = ['', 'acme', 'umbra'] as const
export type TenantName = (typeof TENANTS)[number]

/** What everything of a tenant's says somewhere, and nothing of another's may. */
export const markOf = (tenant: TenantName): string => `mark-of-${tenant || 'nobody'}`

/** The same people, groups and ids everywhere. */
export const USER = 'u1'
const CHANNELS = ['alerts', `private-user.${USER}`, 'presence-chat.room.1', 'belfry.activity']
const CLAIMS = {
  roles: ['admin', 'super_admin'],
  scope: 'publish read operate admin',
}

export interface TenantApp {
  readonly app_id: string
  readonly key: string
  readonly secret: string
}

/** A tenant's administrator `u1`, at every door of a service. */
export class House {
  readonly tenant: TenantName
  readonly token: string
  readonly #service: TestService
  readonly #native: NativeClient
  readonly #sse: SseClient
  readonly #io: SocketIoUser
  readonly #pusher: PusherUser
  readonly app: TenantApp
  readonly device: Device

  private constructor(
    tenant: TenantName,
    parts: {
      token: string
      service: TestService
      native: NativeClient
      sse: SseClient
      io: SocketIoUser
      app: TenantApp
      pusher: PusherUser
      device: Device
    },
  ) {
    this.tenant = tenant
    this.token = parts.token
    this.#service = parts.service
    this.#native = parts.native
    this.#sse = parts.sse
    this.#io = parts.io
    this.#pusher = parts.pusher
    this.app = parts.app
    this.device = parts.device
  }

  static async open(service: TestService, tenant: TenantName): Promise<House> {
    const token = await signToken(USER, { tenant, ...CLAIMS })
    const ws = `${service.url.replace('http', 'ws')}/ws?token=${token}`
    const { client: native } = await NativeClient.connect(ws)
    for (const channel of CHANNELS) await native.ask({ type: 'subscribe', channel })
    const authorization = `Bearer ${token}`
    const sse = await SseClient.open(`${service.url}/sse?channels=${CHANNELS.join(',')}`, {
      authorization,
    })
    const io = await SocketIoUser.connect(service.url, { auth: { token } })
    const login = service.surroundings.mosquitto ? {} : { username: USER, password: token }
    const owner = USER
    const prefix = service.surroundings.mosquitto || tenant === '' ? '' : `t/${tenant}/`
    const device = await Device.connect(service.mqttUrl, '311', { ...login, owner, prefix })
    // The default tenant's application is there from the start.
    const made = await service.api(tenant === '' ? 'GET' : 'POST', '/api/app', undefined, {
      authorization,
    })
    const app: TenantApp = made.body
    const pusher = await openPusher(service, tenant, app)
    const house = new House(tenant, { token, service, native, sse, io, app, pusher, device })
    await house.api('POST', '/api/tail', {})
    return house
  }

  api(method: string, path: string, body?: unknown) {
    return this.#service.api(method, path, body, { authorization: `Bearer ${this.token}` })
  }

  /** Publishes on a topic of everybody's; where the broker is another's, with the token inside. */
  async publish(topic: string, payload: object): Promise<void> {
    const { mosquitto } = this.#service.surroundings
    const said = mosquitto ? { ...payload, token: this.token } : payload
    await this.device.client.publishAsync(topic, JSON.stringify(said), { qos: 1 })
  }

  /** The official server library with an application's secret: the tenant's own, or another. */
  server({ app_id: appId, key, secret } = this.app): PusherServer {
    return pusherServer(portOf(this.#service), { appId, key, secret })
  }

  /** A client by another key than the tenant's, or by his own once more. */
  async client(key = this.app.key): Promise<PusherUser> {
    const person = { user: USER, claims: { tenant: this.tenant, ...CLAIMS } }
    return PusherUser.create(portOf(this.#service), person, key)
  }

  /** Everything that came in by itself, as text. */
  heard(): string {
    const frames = [this.#native.frames, this.#sse.events, this.#io.heard, this.#pusher.heard]
    return JSON.stringify([frames, this.device.heardUnder('')])
  }

  /** Resolves once everything that was asked for is done: a mail sent last is there. */
  async settled(round: number): Promise<void> {
    const last = `${markOf(this.tenant)} last ${round}`
    const mail = { to: `user:${USER}`, message: last, channels: ['email'] }
    await this.api('POST', '/api/notifications', mail)
    await waitFor(() => this.heard().includes(last), { message: `${this.tenant} heard nothing` })
    await waitFor(
      async () => {
        const { body } = await this.api('GET', '/api/queues')
        return body.data.every((queue: { ready: Record<string, number>; in_flight: number }) => {
          return queue.in_flight === 0 && Object.values(queue.ready).every((count) => count === 0)
        })
      },
      { message: `the queues of ${this.tenant} did not run empty` },
    )
  }

  async close(): Promise<void> {
    this.#sse.close()
    this.#io.close()
    this.#pusher.close()
    await Promise.all([this.#native.close(), this.device.close()])
  }
}

/** The real client, by the key of the tenant's own application. */
async function openPusher(service: TestService, tenant: TenantName, app: TenantApp) {
  const person = { user: USER, claims: { tenant, ...CLAIMS } }
  const pusher = await PusherUser.connect(portOf(service), person, app.key)
  for (const channel of CHANNELS) await pusher.subscribe(channel)
  await pusher.signIn()
  return pusher
}

function portOf({ url }: TestService): number {
  return Number(new URL(url).port)
}
