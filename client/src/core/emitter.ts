type Handler<Data> = (data: Data) => void

/** Typed events. A handler that throws keeps no other from hearing; its error is reported. */
export class Emitter<Events extends object> {
  readonly #handlers = new Map<keyof Events, Set<Handler<never>>>()

  /** Answers with what takes the handler away again. */
  on<Name extends keyof Events>(name: Name, handler: Handler<Events[Name]>): () => void {
    const handlers = this.#handlers.get(name) ?? new Set()
    this.#handlers.set(name, handlers.add(handler))
    return () => this.off(name, handler)
  }

  off<Name extends keyof Events>(name: Name, handler: Handler<Events[Name]>): void {
    this.#handlers.get(name)?.delete(handler)
  }

  emit<Name extends keyof Events>(name: Name, data: Events[Name]): void {
    for (const handler of [...(this.#handlers.get(name) ?? [])] as Handler<Events[Name]>[]) {
      try {
        handler(data)
      } catch (error) {
        // Out of our way, and still seen by `window.onerror`.
        queueMicrotask(() => {
          throw error
        })
      }
    }
  }
}
