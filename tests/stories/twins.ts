import { connectAsync, type MqttClient } from 'mqtt'
import { expect } from 'vitest'
import { readKeys } from '../support/redis-keys.ts'
import { type Surroundings, startService, type TestService } from '../support/service.ts'
import { waitFor } from '../support/wait-for.ts'
import { fresh, type Json } from './world.ts'

const REPLIES = 'notifications/replies/one-effect'

/** One message of many. */
export interface Publish {
  readonly topic: string
  readonly payload: object
  readonly qos: 0 | 1 | 2
}

/** Two processes on the same servers, and somebody who publishes much and counts the answers. */
export class Twins {
  readonly surroundings: Surroundings
  readonly services: readonly TestService[]
  readonly #client: MqttClient
  /** Every reply, by the batch that asked for it. */
  readonly #replies = new Map<string, Json[]>()

  private constructor(surroundings: Surroundings, services: TestService[], client: MqttClient) {
    this.surroundings = surroundings
    this.services = services
    this.#client = client
    client.on('message', (topic, payload) => {
      const batch = topic.slice(REPLIES.length + 1)
      this.#replies.get(batch)?.push(JSON.parse(payload.toString()))
    })
  }

  static async start(surroundings: Surroundings): Promise<Twins> {
    const services = await Promise.all([
      startService({ surroundings }),
      startService({ surroundings }),
    ])
    const { mqttUrl } = services[0]
    const client = await connectAsync(mqttUrl, { protocolVersion: 4, clientId: fresh('many') })
    await client.subscribeAsync(`${REPLIES}/+`, { qos: 1 })
    return new Twins(surroundings, services, client)
  }

  async stop(): Promise<void> {
    await this.#client.endAsync(true)
    await Promise.all(this.services.map((service) => service.stop()))
    await this.surroundings.stop()
  }

  /**
   * Publishes all, waits until each was answered, and answers with the replies:
   * a message that two processes handle has two of them.
   */
  async ask(messages: readonly Publish[]): Promise<Json[]> {
    const batch = fresh('batch')
    const replies: Json[] = []
    this.#replies.set(batch, replies)
    await Promise.all(
      messages.map(({ topic, payload, qos }, index) => {
        const wish = { reply_to: `${REPLIES}/${batch}`, correlation_id: index }
        return this.#client.publishAsync(topic, JSON.stringify({ ...payload, ...wish }), { qos })
      }),
    )
    await waitFor(
      () => new Set(replies.map((one) => one.correlation_id)).size === messages.length,
      {
        deadlineMs: 60_000,
        message: `not every message on ${messages[0]?.topic} was answered`,
      },
    )
    return replies
  }

  /** The replies so far of everything that was asked: none may have come twice. */
  assertEachAnsweredOnce(): void {
    for (const replies of this.#replies.values()) {
      const ids = replies.map(({ correlation_id: id }) => id)
      expect(ids.length).toBe(new Set(ids).size)
    }
  }

  async http(method: string, path: string, body?: unknown): Promise<Json> {
    const answer = await this.services[0]!.api(method, path, body)
    if (answer.status >= 300) throw new Error(`${method} ${path}: ${JSON.stringify(answer.body)}`)
    return answer.body
  }

  /** Records under `<kind>:<id>` that hold `mark`; a star in `kind` stands for any word. */
  async records(kind: string, mark: string): Promise<Json[]> {
    const keys = await readKeys(this.surroundings.env.REDIS_URL!, `*${kind}:*`)
    const own = new RegExp(`^${kind.replaceAll('*', '[^:]+')}:[^:]+$`)
    return keys
      .filter(({ key, type, text }) => type === 'string' && own.test(key) && text.includes(mark))
      .map(({ text }) => JSON.parse(text))
  }
}
