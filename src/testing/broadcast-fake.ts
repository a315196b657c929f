import { Broadcast } from '../broadcasting/broadcast.ts'
import { BroadcastManager } from '../broadcasting/broadcast-manager.ts'
import { demand } from './demand.ts'

/** What was said on which channels. */
export interface FakeBroadcast {
  readonly channels: readonly string[]
  readonly event: string
  readonly data: unknown
  readonly except: string | null
}

/** Takes broadcasts in place of the gateway: `using fake = BroadcastFake.fake()`. */
export class BroadcastFake implements Disposable {
  readonly #sent: FakeBroadcast[] = []
  readonly #detach: () => void

  private constructor() {
    const broadcaster = {
      name: 'fake',
      broadcast: async ({ data, ...rest }: { data: string } & Omit<FakeBroadcast, 'data'>) => {
        this.#sent.push({ ...rest, data: JSON.parse(data) as unknown })
      },
    }
    const connections = { fake: broadcaster }
    this.#detach = Broadcast.attach(new BroadcastManager({ connections, standard: 'fake' }))
  }

  static fake(): BroadcastFake {
    return new BroadcastFake()
  }

  [Symbol.dispose](): void {
    this.#detach()
  }

  /** Everything, oldest first. */
  get sent(): readonly FakeBroadcast[] {
    return this.#sent
  }

  /** Throws unless the event was said on the channel, with data that pass the check. */
  assertSent(channel: string, event: string, check: (data: unknown) => boolean = () => true): void {
    const found = this.#of(channel, event).some(({ data }) => check(data))
    demand(found, `${event} was not broadcast on ${channel}. ${this.#story()}`)
  }

  assertNotSent(channel: string, event: string): void {
    const { length } = this.#of(channel, event)
    demand(length === 0, `${event} was broadcast on ${channel}, and should not have been.`)
  }

  assertNothingSent(): void {
    demand(this.#sent.length === 0, `Something was broadcast. ${this.#story()}`)
  }

  #of(channel: string, event: string): readonly FakeBroadcast[] {
    return this.#sent.filter((each) => each.event === event && each.channels.includes(channel))
  }

  #story(): string {
    if (this.#sent.length === 0) return 'Nothing was broadcast at all.'
    const lines = this.#sent.map(({ event, channels }) => `${event} on ${channels.join(', ')}`)
    return `Broadcast were: ${lines.join('; ')}.`
  }
}
