import { ClientError } from './client-error.ts'
import type { Frame } from './records.ts'

const TIMEOUT_MS = 10_000

interface Waiting {
  readonly resolve: (answer: Frame) => void
  readonly reject: (error: ClientError) => void
  readonly timer: ReturnType<typeof setTimeout>
}

/** Frames that are answered: the answer repeats the `ref` that they were given. */
export class Requests {
  readonly #waiting = new Map<string, Waiting>()
  /** Different in every tab: an answer is heard in all. */
  readonly #tab = Math.random().toString(36).slice(2)
  #count = 0

  /** Rejects with `ClientError` when it is refused, or not answered in time. */
  ask(frame: Frame, send: (frame: Frame) => boolean): Promise<Frame> {
    this.#count += 1
    const ref = `${this.#tab}-${this.#count}`
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.settle({ type: 'error', ref, code: 'unavailable', message: 'There was no answer.' })
      }, TIMEOUT_MS)
      this.#waiting.set(ref, { resolve, reject, timer })
      if (send({ ...frame, ref })) return
      this.settle({ type: 'error', ref, code: 'unavailable', message: 'There is no connection.' })
    })
  }

  /** Whether the frame was an answer to one of ours. */
  settle(frame: Frame): boolean {
    const waiting = this.#waiting.get(String(frame.ref))
    if (waiting === undefined) return false
    this.#waiting.delete(String(frame.ref))
    clearTimeout(waiting.timer)
    if (frame.type !== 'error') waiting.resolve(frame)
    else waiting.reject(new ClientError(String(frame.code), String(frame.message)))
    return true
  }
}
