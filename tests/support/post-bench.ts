import { GuardedSender } from '../../services/channels/http/guarded-sender.ts'
import { HttpProvider } from '../../services/channels/http/http-provider.ts'
import type { Target } from '../../services/channels/http/target.ts'
import { HookState } from '../../services/deliveries/hook-state.ts'
import {
  type Message,
  makeRecord,
  messageOf,
} from '../../services/notifications/notification-record.ts'
import { Keys } from '../../src/store/keys.ts'
import { openSqliteStore } from '../../src/store/sqlite/sqlite-store.ts'
import { Delivery, silentLog as log } from './delivery.ts'
import { FakeClock } from './fake-clock.ts'

interface BenchOptions {
  readonly channel: string
  readonly targets: Readonly<Record<string, Target>>
}

interface Sending extends Partial<Message> {
  readonly url: string
}

/** A channel that posts, over the real sender and store; the clock alone is ours. */
export class PostBench {
  /** Starts now, since receivers of signed posts look at the machine's clock. */
  readonly clock = new FakeClock(Date.now())
  readonly hooks: HookState
  readonly provider: HttpProvider
  readonly #channel: string
  /** On a clock of its own: hours go by on the other, and it has a timer for every second. */
  readonly #store = openSqliteStore({ path: ':memory:', clock: new FakeClock(), log })

  constructor({ channel, targets }: BenchOptions) {
    const { clock } = this
    this.#channel = channel
    this.hooks = new HookState({ store: this.#store, keys: new Keys(), clock })
    const sender = new GuardedSender({ clock, allow: ['127.0.0.1'] })
    this.provider = new HttpProvider({ name: channel, targets, sender, hooks: this.hooks, clock })
  }

  /** A delivery to user 42, not tried yet. */
  deliver({ url, ...fields }: Sending): Delivery {
    const message = messageOf({ message: 'It is 98 % full.', title: 'Disk full', ...fields })
    const notification = makeRecord({
      id: '019b8e4e-2c00-7c7e-bf0b-0d7a5b3c1a2b',
      userId: '42',
      message,
      choice: { channels: [], skipped: {} },
      origin: {},
      now: this.clock.now(),
    })
    const { title, type, data } = message
    const content = {
      url,
      title,
      message: message.message,
      type,
      data,
      notification,
      user_id: '42',
    }
    return new Delivery(this.provider as never, this.clock, this.#channel, content)
  }

  /** Whether a hook is disabled, and why. */
  async disabled(url: string): Promise<string | null> {
    const hook = { userId: '42', channel: this.#channel, url }
    return (await this.hooks.find(hook))?.disabled?.reason ?? null
  }

  async close(): Promise<void> {
    await this.provider.close()
    await this.#store.close()
  }
}
