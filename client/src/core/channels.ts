export type ChannelHandler = (event: string, data: unknown) => void

/** Who listens to which broadcast channel. */
export class Channels {
  readonly #handlers = new Map<string, Set<ChannelHandler>>()

  get names(): readonly string[] {
    return [...this.#handlers.keys()]
  }

  add(name: string, handler: ChannelHandler): () => void {
    const handlers = this.#handlers.get(name) ?? new Set()
    this.#handlers.set(name, handlers.add(handler))
    return () => {
      handlers.delete(handler)
      if (handlers.size === 0) this.#handlers.delete(name)
    }
  }

  tell(name: string, event: string, data: unknown): void {
    for (const handler of [...(this.#handlers.get(name) ?? [])]) handler(event, data)
  }
}
