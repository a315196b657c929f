import { randomBytes } from 'node:crypto'
import { Redis } from 'ioredis'
import { Device, type MqttVersion } from '../support/mqtt-device.ts'
import { NativeClient } from '../support/native-client.ts'
import { type ServiceOptions, startService, type TestService } from '../support/service.ts'
import { waitFor } from '../support/wait-for.ts'

// biome-ignore lint/suspicious/noExplicitAny: stories read records of every shape.
export type Json = any

/** A running service with clients of every kind: where stories are played. */
export class World {
  readonly service: TestService
  /** A Redis connection to look at keys; `null` on the embedded store and on a cluster. */
  readonly redis: Redis | null
  readonly #devices: ReadonlyMap<MqttVersion, Device>

  private constructor(service: TestService, devices: Map<MqttVersion, Device>) {
    this.service = service
    this.#devices = devices
    const { parts, redis } = service.surroundings
    this.redis = parts === 'external' && redis ? new Redis(redis.port, '127.0.0.1') : null
  }

  /** Servers that are given go on when the world closes; without them it has its own. */
  static async open(options: ServiceOptions): Promise<World> {
    const service = await startService(options)
    const devices = new Map<MqttVersion, Device>()
    for (const version of versionsOn(service, options)) {
      const prefix = options.env?.MQTT_TOPIC_PREFIX ?? ''
      devices.set(version, await Device.connect(service.mqttUrl, version, { prefix }))
    }
    return new World(service, devices)
  }

  async close(): Promise<void> {
    await Promise.all([...this.#devices.values()].map((device) => device.close()))
    this.redis?.disconnect()
    await this.service.stop()
  }

  /** The shared device that speaks a version of MQTT. */
  device(version: MqttVersion): Device {
    const device = this.#devices.get(version)
    if (!device) throw new Error(`nobody speaks MQTT ${version} here`)
    return device
  }

  /** A successful HTTP call; answers with the body. */
  async http(method: string, path: string, body?: unknown, user?: string): Promise<Json> {
    const headers = user === undefined ? {} : { 'x-belfry-user': user }
    const answer = await this.service.api(method, path, body, headers)
    if (answer.status < 300) return answer.body
    throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`)
  }

  inbox(user: string, query = ''): Promise<Json> {
    const who = encodeURIComponent(user)
    return this.http('GET', `/api/notifications?user_id=${who}&limit=100${query}`)
  }

  /** The first notification of a user that fits, as soon as it is there. */
  notification(user: string, fits: (record: Json) => boolean = () => true): Promise<Json> {
    return waitFor(async () => (await this.inbox(user)).data.find(fits), {
      message: `no notification for ${user}`,
    })
  }

  /** What went to an address on a channel without a provider, oldest first. */
  async outboxOf(channel: string, to: string): Promise<Json[]> {
    const { data } = await this.http('GET', `/api/outbox?channel=${channel}&limit=100`)
    return data.filter((message: Json) => message.to.includes(to)).reverse()
  }

  sent(channel: string, to: string): Promise<Json> {
    return waitFor(async () => (await this.outboxOf(channel, to))[0], {
      message: `nothing went to ${to} by ${channel}`,
    })
  }

  /** The dead letter of a message that had `mark` in it. */
  deadLetter(mark: string, headers: Readonly<Record<string, string>> = {}): Promise<Json> {
    const path = '/api/dead-letters?limit=100'
    return waitFor(
      async () => {
        const { body } = await this.service.api('GET', path, undefined, headers)
        return body.data.find((letter: Json) => JSON.stringify(letter).includes(mark))
      },
      { message: `no dead letter with ${mark}` },
    )
  }

  socketUrl(query: string): string {
    return `${this.service.url.replace('http', 'ws')}/ws?${query}`
  }

  /** A user's open app: a native socket that has been greeted. */
  async app(user: string, query = ''): Promise<NativeClient> {
    const { client } = await NativeClient.connect(this.socketUrl(`user_id=${user}${query}`))
    return client
  }
}

/** The broker inside the process speaks 3.1.1 and may want to know who is there; Mosquitto both. */
function versionsOn({ surroundings }: TestService, { env = {} }: ServiceOptions): MqttVersion[] {
  if (surroundings.parts !== 'embedded') return ['311', '5']
  return env.BELFRY_AUTH === 'token' ? [] : ['311']
}

/** A name nobody else uses, so that stories can be played side by side. */
export function fresh(word: string): string {
  return `${word}-${randomBytes(5).toString('hex')}`
}
