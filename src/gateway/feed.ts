import { randomUUID } from 'node:crypto'
import type { Frame } from './frame.ts'
import { Outbound } from './outbound.ts'
import type { Protocol, Welcome } from './protocol.ts'
import type { Transport, TransportOwner } from './transport.ts'

const NOTHING = Buffer.alloc(0)

/** A message that stays in the process. */
class InnerFrame implements Frame {
  readonly message: Outbound | null

  constructor(message: Outbound | null) {
    this.message = message
  }

  bytes(): Buffer {
    return NOTHING
  }
}

interface Parts {
  readonly show: (message: Outbound) => void
  /** Called once, when the session behind it has ended. */
  readonly onEnded: () => void
}

/** The near end of a session whose client is not a socket but this process's own channels. */
export class Feed implements Transport {
  readonly id = `feed.${randomUUID()}`
  readonly buffered = 0
  isOpen = true
  readonly #parts: Parts
  #owner: TransportOwner | null = null

  constructor(parts: Parts) {
    this.#parts = parts
  }

  own(owner: TransportOwner): void {
    if (this.isOpen) this.#owner = owner
    else owner.onClosed()
  }

  send(frame: Frame): void {
    if (frame instanceof InnerFrame && frame.message !== null) this.#parts.show(frame.message)
  }

  onceDrained(listener: () => void): void {
    setImmediate(listener)
  }

  /** What was shown counts as received: it leaves the queue. */
  prove(): void {
    this.#owner?.onBeat()
    this.#owner?.onPong()
  }

  close(): void {
    if (!this.isOpen) return
    this.isOpen = false
    const owner = this.#owner
    this.#owner = null
    owner?.onClosed()
    this.#parts.onEnded()
  }

  terminate(): void {
    this.close()
  }

  pause(): void {}

  resume(): void {}
}

/** Passes messages on as they are. */
export class FeedProtocol implements Protocol<unknown> {
  readonly name = 'feed'
  readonly beat = null
  readonly isResumable = false

  /** After a pause something may be unread that was not shown. */
  welcome({ unread_count }: Welcome): Frame {
    const data = JSON.stringify({ count: unread_count })
    return new InnerFrame(new Outbound({ kind: 'user', seq: 0, type: 'unread_count', data }))
  }

  present(): Frame {
    return new InnerFrame(null)
  }

  encode(message: Outbound): Frame {
    return new InnerFrame(message)
  }

  receive(): Promise<void> {
    return Promise.resolve()
  }

  refusal(): Frame {
    return new InnerFrame(null)
  }
}
