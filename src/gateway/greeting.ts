import type { Principal } from '../context.ts'
import { Unauthenticated } from '../support/errors.ts'
import type { Authenticate } from './application.ts'
import { CLOSE } from './close-codes.ts'
import type { Protocol } from './protocol.ts'
import { parseFrame, parseJson } from './protocols/native-frames.ts'
import type { Session } from './session.ts'
import type { Transport, TransportOwner } from './transport.ts'

/** Messages that may follow an `auth` before it is answered. */
const MOST_WAITING = 64

interface Parts {
  readonly transport: Transport
  readonly protocol: Protocol<Session>
  readonly authenticate: Authenticate
  /** `waiting` is what the client said meanwhile, to be handled once its session is there. */
  readonly onKnown: (principal: Principal, waiting: readonly string[]) => void
  readonly onClosed: () => void
}

/** A socket whose client has not said who it is: it may only say `auth{token}`. */
export class Greeting implements TransportOwner {
  readonly #parts: Parts
  readonly #waiting: string[] = []
  #isBusy = false

  constructor(parts: Parts) {
    this.#parts = parts
  }

  end(code: number, reason: string): void {
    this.#parts.transport.close(code, reason)
  }

  onText(text: string): void {
    this.#waiting.push(text)
    if (this.#waiting.length > MOST_WAITING) this.#parts.transport.terminate()
    else if (!this.#isBusy) void this.#work()
  }

  onBinary(): void {}

  describe(): null {
    return null
  }

  onDismissed(): void {
    this.end(CLOSE.ended, 'dismissed')
  }

  onBeat(): void {}

  onPong(): void {}

  onClosed(): void {
    this.#parts.onClosed()
  }

  async #work(): Promise<void> {
    this.#isBusy = true
    for (let text = this.#waiting.shift(); text !== undefined; text = this.#waiting.shift()) {
      try {
        const principal = await this.#listen(text)
        this.#parts.onKnown(principal, this.#waiting)
        return
      } catch (error) {
        this.#parts.transport.send(this.#parts.protocol.refusal(error))
      }
    }
    this.#isBusy = false
  }

  async #listen(text: string): Promise<Principal> {
    const frame = parseFrame(parseJson(text))
    if (frame.type !== 'auth') throw new Unauthenticated('Say who you are first: auth{token}.')
    const { token } = frame
    const principal = await this.#parts.authenticate({ token, ticket: null, userId: null })
    if (principal === null) throw new Unauthenticated('The token does not hold.')
    return principal
  }
}
