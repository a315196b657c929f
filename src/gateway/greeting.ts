import type { Principal } from '../context.ts'
import { Unauthenticated } from '../support/errors.ts'
import type { Authenticate } from './application.ts'
import type { Protocol } from './protocol.ts'
import { parseFrame, parseJson } from './protocols/native-frames.ts'
import type { Transport, TransportOwner } from './transport.ts'

interface Parts {
  readonly transport: Transport
  readonly protocol: Protocol
  readonly authenticate: Authenticate
  readonly onKnown: (principal: Principal) => void
  readonly onClosed: () => void
}

/** A socket whose client has not said who it is: it may only say `auth{token}`. */
export class Greeting implements TransportOwner {
  readonly #parts: Parts
  #isBusy = false

  constructor(parts: Parts) {
    this.#parts = parts
  }

  end(code: number, reason: string): void {
    this.#parts.transport.close(code, reason)
  }

  onText(text: string): void {
    if (this.#isBusy) return
    this.#isBusy = true
    this.#listen(text).then(
      (principal) => this.#parts.onKnown(principal),
      (error: unknown) => {
        this.#isBusy = false
        this.#parts.transport.send(this.#parts.protocol.refusal(error))
      },
    )
  }

  onBinary(): void {}

  onBeat(): void {}

  onPong(): void {}

  onClosed(): void {
    this.#parts.onClosed()
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
