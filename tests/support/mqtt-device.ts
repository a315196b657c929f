import { execFile } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { promisify } from 'node:util'
import {
  connectAsync,
  type IClientOptions,
  type IClientPublishOptions,
  type MqttClient,
} from 'mqtt'
import { waitFor } from './wait-for.ts'

/** The two versions of MQTT that devices speak: 3.1.1 and 5. */
export type MqttVersion = '311' | '5'

export interface Heard {
  readonly topic: string
  readonly text: string
  readonly retained: boolean
}

// biome-ignore lint/suspicious/noExplicitAny: replies have a shape for every topic.
export type Reply = any

interface Question {
  readonly id: string
  readonly answer: (reply: Reply) => void
}

type PublishOptions = Pick<IClientPublishOptions, 'qos' | 'retain' | 'properties'>

/** A real MQTT client as a device or a service would use one: publishes, asks, listens. */
export class Device {
  readonly client: MqttClient
  readonly version: MqttVersion
  readonly #prefix: string
  readonly #replyTopic: string
  readonly #questions = new Map<string, Question>()
  readonly #heard: Heard[] = []

  private constructor(
    client: MqttClient,
    version: MqttVersion,
    { prefix, replyTopic }: { readonly prefix: string; readonly replyTopic: string },
  ) {
    this.client = client
    this.version = version
    this.#prefix = prefix
    this.#replyTopic = replyTopic
    client.on('message', (name, payload, packet) => {
      const topic = name.slice(prefix.length)
      if (name === replyTopic) this.#answer(payload, packet.properties?.correlationData)
      else this.#heard.push({ topic, text: payload.toString(), retained: packet.retain })
    })
    client.on('error', () => undefined)
  }

  /**
   * Connects and listens for answers to its questions, on a topic that `owner`
   * may read; `prefix` is put before every topic.
   */
  static async connect(
    url: string,
    version: MqttVersion,
    options: Partial<IClientOptions> & { readonly owner?: string; readonly prefix?: string } = {},
  ): Promise<Device> {
    const { owner = 'device', prefix = '', ...rest } = options
    const client = await connectAsync(url, {
      protocolVersion: version === '5' ? 5 : 4,
      clientId: `device-${randomUUID()}`,
      reconnectPeriod: 0,
      ...rest,
    })
    const replyTopic = `${prefix}notifications/replies/${owner}/${randomUUID()}`
    const device = new Device(client, version, { prefix, replyTopic })
    await client.subscribeAsync(device.#replyTopic, { qos: 1 })
    return device
  }

  get isConnected(): boolean {
    return this.client.connected
  }

  /** Resolves when the broker has acknowledged. A payload that is an object is sent as JSON. */
  async publish(
    topic: string,
    payload: object | string | Buffer,
    { qos = 1, ...options }: PublishOptions = {},
  ): Promise<void> {
    await this.client.publishAsync(this.#prefix + topic, encode(payload), { qos, ...options })
  }

  /**
   * Publishes and answers with the reply: by response topic and correlation
   * data (5), or by `reply_to` and `correlation_id` in the payload (3.1.1).
   * What proves that the reply is ours is taken out of it.
   */
  async ask(
    topic: string,
    payload: object | string,
    { qos = 1, properties = {} }: PublishOptions = {},
  ): Promise<Reply> {
    const id = randomUUID()
    const answered = new Promise<Reply>((resolve) => {
      this.#questions.set(id, { id, answer: resolve })
    })
    if (this.version === '5') {
      const wanted = { responseTopic: this.#replyTopic, correlationData: Buffer.from(id) }
      await this.publish(topic, payload, { qos, properties: { ...properties, ...wanted } })
    } else {
      if (typeof payload === 'string') throw new Error('text has no room for reply_to')
      const wanted = { reply_to: this.#replyTopic, correlation_id: id }
      await this.publish(topic, { ...payload, ...wanted }, { qos })
    }
    const late = waitFor(() => !this.#questions.has(id), { message: `no reply on ${topic}` })
    return Promise.race([answered, late.then(() => answered)])
  }

  /** From the answer on, everything under a filter is heard. */
  async listen(filter: string): Promise<void> {
    await this.client.subscribeAsync(this.#prefix + filter, { qos: 1 })
  }

  heard(topic: string): readonly Heard[] {
    return this.#heard.filter((message) => message.topic === topic)
  }

  heardUnder(prefix: string): readonly Heard[] {
    return this.#heard.filter(({ topic }) => topic.startsWith(prefix))
  }

  /** Waits for a message on a topic, or the first that fits. */
  hears(topic: string, fits: (message: Heard) => boolean = () => true): Promise<Heard> {
    return waitFor(() => this.heard(topic).find(fits), { message: `nothing came on ${topic}` })
  }

  async close(): Promise<void> {
    await this.client.endAsync(true)
  }

  #answer(payload: Buffer, correlationData: Buffer | undefined): void {
    const { correlation_id, ...reply } = JSON.parse(payload.toString()) as {
      correlation_id?: string
    }
    const id = this.version === '5' ? correlationData?.toString() : correlation_id
    const question = this.#questions.get(id ?? '')
    this.#questions.delete(id ?? '')
    question?.answer(reply)
  }
}

function encode(payload: object | string | Buffer): string | Buffer {
  return typeof payload === 'string' || Buffer.isBuffer(payload) ? payload : JSON.stringify(payload)
}

const run = promisify(execFile)

/** Publishes as people do at a shell: `mosquitto_pub -V 311 …`. Rejects unless it exits with 0. */
export async function mosquittoPub(
  port: number,
  version: MqttVersion,
  message: { readonly topic: string; readonly payload: object | string; readonly qos: 0 | 1 | 2 },
): Promise<void> {
  const version5 = version === '5' ? 'mqttv5' : 'mqttv311'
  const { topic, payload, qos } = message
  await run('mosquitto_pub', [
    ...['-h', '127.0.0.1', '-p', String(port), '-V', version5],
    ...['-q', String(qos), '-t', topic, '-m', String(encode(payload))],
  ])
}
