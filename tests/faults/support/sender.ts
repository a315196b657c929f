import { randomUUID } from 'node:crypto'
import { connectAsync, type MqttClient } from 'mqtt'
import type { MqttVersion } from '../../support/mqtt-device.ts'
import { waitFor } from '../../support/wait-for.ts'

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
  /** Handed to the client and not acknowledged. */
  inFlight = 0
  readonly #client: MqttClient
  readonly #window: number
  #gate: PromiseWithResolvers<void> | null = null

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
      connectTimeout: 10_000,
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
        await this.#gate?.promise
        this.inFlight += 1
        await this.#sendUntilAcknowledged(message)
        this.inFlight -= 1
      }
    }
    await Promise.all(Array.from({ length: this.#window }, worker))
  }

  /** Begins no further message until `release()`; resolves when none is on its way. */
  async hold(): Promise<void> {
    this.#gate ??= Promise.withResolvers()
    await waitFor(() => this.inFlight === 0, { message: 'messages are not acknowledged' })
  }

  release(): void {
    this.#gate?.resolve()
    this.#gate = null
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
