import type { Provider } from '../../services/channels/channel.ts'
import { type DeliveryJob, makeJob } from '../../services/deliveries/delivery-job.ts'
import { DeliveryService } from '../../services/deliveries/delivery-service.ts'
import { Keys } from '../../src/store/keys.ts'
import { createLogger } from '../../src/support/logger.ts'
import type { FakeClock } from './fake-clock.ts'

/** A log that goes nowhere. */
export const silentLog = createLogger('silent')

/** One delivery in the hands of the real delivery service, without a queue around it. */
export class Delivery {
  job: DeliveryJob<Record<string, unknown>>
  /** Whether it waits for another try. */
  waiting = true
  readonly #service: DeliveryService
  readonly #clock: FakeClock

  constructor(provider: Provider, clock: FakeClock, channel: string, content: object) {
    const providers = new Map([[channel, provider]])
    this.#clock = clock
    this.#service = new DeliveryService({ keys: new Keys(), clock, log: silentLog, providers })
    const now = clock.now()
    const id = '019b8e4e-2c00-7c7e-bf0b-0d7a5b3c1a2b'
    this.job = makeJob({ id, channel, priority: 'normal', content, now }) as typeof this.job
  }

  get reasons(): (string | undefined)[] {
    return this.job.history.map(({ reason }) => reason)
  }

  /** One try, at the moment for which it is due; resolves to the status after it. */
  async attempt(): Promise<string> {
    this.#clock.advance(Math.max(0, this.job.send_at * 1000 - this.#clock.now()))
    const lease = {
      queue: `${this.job.channel}_queue`,
      partition: 0,
      jobId: this.job.id,
      token: 1,
      takes: 1,
      job: JSON.stringify(this.job),
      expiresAt: this.#clock.now() + 30_000,
    }
    const { ops } = await this.#service.handle(lease, new AbortController().signal)
    const stored = ops.find(([verb]) => verb === 'enqueue' || verb === 'set')!
    this.waiting = stored[0] === 'enqueue'
    this.job = JSON.parse(String(this.waiting ? stored[3] : stored[2]))
    return this.job.status
  }
}
