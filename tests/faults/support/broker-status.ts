import { connectAsync } from 'mqtt'

/** Makes Mosquitto publish its figures every second. */
export const EVERY_SECOND = 'sys_interval 1'

/** What Mosquitto says of itself under `$SYS/broker/`, listened to until `close()`. */
export class BrokerStatus {
  readonly #values = new Map<string, number>()
  readonly #close: () => Promise<void>

  private constructor(close: () => Promise<void>) {
    this.#close = close
  }

  static async listen(url: string): Promise<BrokerStatus> {
    const client = await connectAsync(url, { protocolVersion: 5 })
    const status = new BrokerStatus(() => client.endAsync(true))
    client.on('message', (topic, payload) => {
      status.#values.set(topic.replace('$SYS/broker/', ''), Number(payload.toString()))
    })
    await client.subscribeAsync('$SYS/broker/#')
    return status
  }

  /** The last figure under a name such as `clients/disconnected`; what it never said is 0. */
  of(name: string): number {
    return this.#values.get(name) ?? 0
  }

  close(): Promise<void> {
    return this.#close()
  }
}
