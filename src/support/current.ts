import { AsyncLocalStorage } from 'node:async_hooks'

/**
 * What a static call such as `Notification.send()` means: the thing of its kind
 * that was put in place last and not taken away since; within a piece of work
 * that has one of its own, that one.
 */
export class Current<Value> {
  readonly #missing: string
  readonly #stack: { readonly value: Value }[] = []
  readonly #own = new AsyncLocalStorage<Value>()

  /** `missing`: what to say, and do, when there is none. */
  constructor(missing: string) {
    this.#missing = missing
  }

  get isThere(): boolean {
    return this.#stack.length > 0 || this.#own.getStore() !== undefined
  }

  /** Puts a value in place until the answer is disposed of. */
  use(value: Value): Disposable {
    const entry = { value }
    this.#stack.push(entry)
    return {
      [Symbol.dispose]: () => {
        const index = this.#stack.indexOf(entry)
        if (index >= 0) this.#stack.splice(index, 1)
      },
    }
  }

  /** Does a piece of work, and whatever it starts, with a value of its own. */
  within<Result>(value: Value, work: () => Result): Result {
    return this.#own.run(value, work)
  }

  /** Throws when nothing is in place. */
  get(): Value {
    const own = this.#own.getStore()
    if (own !== undefined) return own
    const top = this.#stack.at(-1)
    if (top === undefined) throw new Error(this.#missing)
    return top.value
  }
}
