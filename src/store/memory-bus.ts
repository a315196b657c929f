import type { Bus } from './bus.ts'

/** The bus of an installation that is one process: never a gap, gone with the process. */
export class MemoryBus implements Bus {
  readonly #channels = new Map<string, Set<(message: string) => void>>()
  #isOpen = true

  /** Delivered in a later microtask, in order: a publisher is never inside its listener. */
  async publish(channel: string, message: string): Promise<void> {
    await Promise.resolve()
    if (!this.#isOpen) return
    const listeners = [...(this.#channels.get(channel) ?? [])]
    for (const listener of listeners) listener(message)
  }

  async subscribe(
    channel: string,
    listener: (message: string) => void,
  ): Promise<() => Promise<void>> {
    // One function may listen twice; each subscription ends on its own.
    const own = (message: string) => listener(message)
    const listeners = this.#channels.get(channel) ?? new Set()
    this.#channels.set(channel, listeners.add(own))
    return async () => {
      listeners.delete(own)
      if (listeners.size === 0 && this.#channels.get(channel) === listeners) {
        this.#channels.delete(channel)
      }
    }
  }

  /** Nothing is ever missed here. */
  onGap(_listener: () => void): void {}

  async close(): Promise<void> {
    this.#isOpen = false
    this.#channels.clear()
  }
}
