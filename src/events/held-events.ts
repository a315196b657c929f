import { AsyncLocalStorage } from 'node:async_hooks'
import type { Happening } from './event.ts'
import { eventNameOf } from './event-name.ts'

type Held = readonly [event: Happening, payload: unknown]

/** Events that wait: for the end of what is under way, or until somebody says so. */
export class HeldEvents {
  readonly #deferred = new AsyncLocalStorage<{
    readonly names: readonly string[] | null
    readonly events: Held[]
  }>()
  readonly #pushed = new Map<string, Held[]>()

  /** Keeps an event that was dispatched within {@link defer}; answers whether it did. */
  keeps(event: Happening, payload: unknown): boolean {
    const held = this.#deferred.getStore()
    if (held === undefined) return false
    if (held.names !== null && !held.names.includes(eventNameOf(event))) return false
    held.events.push([event, payload])
    return true
  }

  /** The result of `run`, and the events that it dispatched. */
  async defer<Result>(
    run: () => Promise<Result>,
    names: readonly string[] | null,
  ): Promise<{ readonly result: Result; readonly events: readonly Held[] }> {
    const held = { names, events: [] as Held[] }
    const result = await this.#deferred.run(held, run)
    return { result, events: held.events }
  }

  push(event: Happening, payload: unknown): void {
    const name = eventNameOf(event)
    this.#pushed.set(name, [...(this.#pushed.get(name) ?? []), [event, payload]])
  }

  /** What was pushed under a name, and is not kept any longer. */
  take(name: string): readonly Held[] {
    const events = this.#pushed.get(name) ?? []
    this.#pushed.delete(name)
    return events
  }
}
