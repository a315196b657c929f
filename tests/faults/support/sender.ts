import { randomUUID } from 'node:crypto'
import { connectAsync, type MqttClient } from 'mqtt'
import type { MqttVersion } from '../../support/mqtt-device.ts'

export interface Outgoing {
  readonly topic: string
  readonly payload: object | Buffer | string
  readonly qos: 1 | 2
}

interface SenderOptions {
  readonly version?: MqttVersion
  /** Messages on their way at once. Default: 100. */
  readonly window?: number
}

/**
 * A device that loses nothing: a real client with a session, which sends again
 * whatever was not acknowledged when it finds its broker again.
 */
export class Sender {
  acknowledged = 0
  reconnects = 0
  readonly #client: MqttClient
  readonly #window: number

  private constructor(client: MqttClient, window: number) {
    this.#client = client
    this.#window = window
    client.on('error', () => undefined)
    client.on('reconnect', () => {
      this.reconnects += 1
    })
  }

  static async connect(url: string, { version = '311', window = 100 }: SenderOptions = {}) {
    const client = await connectAsync(url, {
      clientId: `sender-${randomUUID()}`,
      protocolVersion: version === '5' ? 5 : 4,
      clean: false,
      reconnectPeriod: 100,
      connectTimeout: 2_000,
      ...(version === '5' ? { properties: { sessionExpiryInterval: 3600 } } : {}),
    })
    return new Sender(client, window)
  }

  get isConnected(): boolean {
    return this.#client.connected
  }

  /** Sends in order, a window at a time; resolves when all are acknowledged. */
  async send(messages: readonly Outgoing[]): Promise<void> {
    let next = 0
    const worker = async () => {
      for (let message = messages[next++]; message; message = messages[next++]) {
        await this.#sendUntilAcknowledged(message)
      }
    }
    await Promise.all(Array.from({ length: this.#window }, worker))
  }

  async close(): Promise<void> {
    await this.#client.endAsync(true)
  }

  async #sendUntilAcknowledged({ topic, payload, qos }: Outgoing): Promise<void> {
    const body =
      typeof payload === 'string' || Buffer.isBuffer(payload) ? payload : JSON.stringify(payload)
    for (;;) {
      try {
        await this.#client.publishAsync(topic, body, { qos })
        this.acknowledged += 1
        return
      } catch (error) {
        if (this.#client.disconnecting) throw error
        await new Promise((resolve) => setTimeout(resolve, 50))
      }
    }
  }
}
