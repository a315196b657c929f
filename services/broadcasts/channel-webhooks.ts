import {
  type Bell,
  type ChannelEvent,
  type ChannelNews,
  type Clock,
  inPartition,
  type Keys,
  type Logger,
  type Op,
  partitionOf,
  type Store,
  uuidv7,
} from '../../src/index.ts'
import { enqueueOp, makeJob } from '../deliveries/delivery-job.ts'

/** The queue of these webhooks. */
export const CHANNEL_WEBHOOK = 'channel-webhook'

/** A webhook as it waits: `body` is signed when it is sent, the same bytes at every try. */
export interface ChannelWebhookContent {
  readonly url: string
  readonly body: string
}

interface Parts {
  readonly store: Store
  readonly keys: Keys
  readonly bell: Bell
  readonly clock: Clock
  readonly log: Logger
  readonly urls: readonly string[]
}

/**
 * What happens on channels, posted to the application's back end: each a job of
 * the durable queue, made in the write that made it happen where there is one.
 */
export class ChannelWebhooks implements ChannelNews {
  readonly #parts: Parts

  constructor(parts: Parts) {
    this.#parts = parts
  }

  opsOf(event: ChannelEvent, partition: number): readonly Op[] {
    const { keys, clock, store, urls } = this.#parts
    const now = clock.now()
    const body = JSON.stringify({ time_ms: now, events: [event] })
    const id = inPartition(uuidv7(now), partition, store.partitions)
    return urls.map((url, index) => {
      const job = makeJob<ChannelWebhookContent>({
        id: `${id}.${index}.${CHANNEL_WEBHOOK}`,
        channel: CHANNEL_WEBHOOK,
        priority: 'normal',
        content: { url, body },
        now,
      })
      return enqueueOp(keys, job, now)
    })
  }

  written(): void {
    const { bell, keys } = this.#parts
    bell.ring(keys.queue(CHANNEL_WEBHOOK))
  }

  tell(event: ChannelEvent): void {
    const { store, log } = this.#parts
    const partition = partitionOf(event.channel, store.partitions)
    store
      .commit({ partition, ops: this.opsOf(event, partition) })
      .then(() => this.written())
      .catch((error: unknown) => {
        log.warn({ err: error, event: event.name }, 'a webhook could not be kept')
      })
  }
}
