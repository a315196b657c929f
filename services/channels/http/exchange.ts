import type { Dispatcher } from 'undici'

/** What a server answered. Header names are in lower case. */
export interface Answered {
  readonly kind: 'answered'
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  /** At most the first 64 KiB. */
  readonly body: string
  /** Whether the body came in full. */
  readonly isComplete: boolean
}

/** How far an exchange came when it broke. */
export interface Broken {
  readonly kind: 'broken'
  /** Whether any of the request may have reached the server. */
  readonly wasSent: boolean
  readonly error: Error
}

const MOST_BYTES = 64 * 1024

/**
 * One request and what came of it, as undici's dispatcher reports it. `fetch`
 * does not tell whether a request that failed had gone out, and that decides
 * whether it may be sent again.
 */
export class Exchange implements Dispatcher.DispatchHandler {
  readonly result: Promise<Answered | Broken>
  readonly #resolve: (result: Answered | Broken) => void
  readonly #chunks: Buffer[] = []
  #bytes = 0
  #controller: Dispatcher.DispatchController | null = null
  #ended: Error | null = null
  #head: Pick<Answered, 'status' | 'headers'> | null = null

  constructor() {
    const { promise, resolve } = Promise.withResolvers<Answered | Broken>()
    this.result = promise
    this.#resolve = resolve
  }

  /** Ends it, wherever it is. */
  abort(error: Error): void {
    if (this.#ended !== null) return
    this.#ended = error
    this.#settle(error)
    this.#controller?.abort(error)
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    // Given up while it waited for a connection: nothing has been written yet.
    if (this.#ended !== null) controller.abort(this.#ended)
    else this.#controller = controller
  }

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    status: number,
    headers: Readonly<Record<string, string | string[] | undefined>>,
  ): void {
    const flat = Object.entries(headers).map(([name, value]) => [name, String(value ?? '')])
    if (status >= 200) this.#head = { status, headers: Object.fromEntries(flat) }
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#chunks.push(chunk.subarray(0, MOST_BYTES - this.#bytes))
    this.#bytes += chunk.length
    if (this.#bytes > MOST_BYTES) this.abort(new Error('the answer is longer than 64 KiB'))
  }

  onResponseEnd(): void {
    this.#settle(null)
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.#settle(error)
  }

  #settle(error: Error | null): void {
    if (this.#head !== null) {
      const body = Buffer.concat(this.#chunks).toString('utf8')
      this.#resolve({ kind: 'answered', ...this.#head, body, isComplete: error === null })
    } else {
      const reason = error ?? new Error('the server ended without an answer')
      this.#resolve({ kind: 'broken', wasSent: this.#controller !== null, error: reason })
    }
  }
}
