import {
  currentEvents,
  type Dispatching,
  type EventClass,
  type Happening,
} from '../events/event.ts'
import { dottedName, eventNameOf } from '../events/event-name.ts'
import { declared } from '../events/listen.ts'
import type { Delay } from '../support/moments.ts'
import { demand } from './demand.ts'
import { inPlace } from './in-place.ts'

type Named<E extends object> = EventClass<E> | string
/** How often, or which ones. */
type Check<E> = number | ((event: E) => boolean)

interface Seen {
  readonly event: Happening
  readonly payload: unknown
}

/**
 * Takes events in place of their listeners, and knows afterwards what happened:
 * `using fake = EventFake.fake()`; `EventFake.fake([OrderShipped])` takes those
 * alone, and lets the rest through to whoever dispatched before. What it knows may
 * be asked of the class too, `EventFake.assertDispatched(…)`: of the fake in place.
 */
export class EventFake implements Dispatching, Disposable {
  static readonly assertDispatched: EventFake['assertDispatched'] = inPlace(
    current,
    'assertDispatched',
  )
  static readonly assertDispatchedOnce: EventFake['assertDispatchedOnce'] = inPlace(
    current,
    'assertDispatchedOnce',
  )
  static readonly assertDispatchedTimes: EventFake['assertDispatchedTimes'] = inPlace(
    current,
    'assertDispatchedTimes',
  )
  static readonly assertNotDispatched: EventFake['assertNotDispatched'] = inPlace(
    current,
    'assertNotDispatched',
  )
  static readonly assertNothingDispatched: EventFake['assertNothingDispatched'] = inPlace(
    current,
    'assertNothingDispatched',
  )
  static readonly assertListening: EventFake['assertListening'] = inPlace(
    current,
    'assertListening',
  )
  static readonly dispatched: EventFake['dispatched'] = inPlace(current, 'dispatched')
  static readonly hasDispatched: EventFake['hasDispatched'] = inPlace(current, 'hasDispatched')

  readonly #only: readonly Named<object>[] | null
  readonly #except: Named<object>[] = []
  readonly #below: Dispatching | null
  readonly #taken: Disposable
  readonly #seen: Seen[] = []

  private constructor(only: readonly Named<object>[] | null) {
    this.#only = only
    this.#below = currentEvents.isThere ? currentEvents.get() : null
    this.#taken = currentEvents.use(this)
  }

  static fake(only?: readonly Named<object>[]): EventFake {
    return new EventFake(only ?? null)
  }

  /** Lets these through to their listeners. */
  except(...events: readonly Named<object>[]): this {
    this.#except.push(...events)
    return this
  }

  [Symbol.dispose](): void {
    this.#taken[Symbol.dispose]()
  }

  async dispatch(event: Happening, payload?: unknown): Promise<unknown[]> {
    if (!this.#takes(event)) return (await this.#below?.dispatch(event, payload)) ?? []
    this.#seen.push({ event, payload })
    return []
  }

  async until(event: Happening, payload?: unknown): Promise<unknown> {
    if (!this.#takes(event)) return this.#below?.until(event, payload)
    this.#seen.push({ event, payload })
    return null
  }

  async vetoedBy(event: Happening, payload?: unknown): Promise<string | null> {
    if (!this.#takes(event)) return (await this.#below?.vetoedBy(event, payload)) ?? null
    this.#seen.push({ event, payload })
    return null
  }

  async queue(event: Happening, delay?: Delay): Promise<void> {
    if (this.#takes(event)) this.#seen.push({ event, payload: undefined })
    else await this.#below?.queue(event, delay)
  }

  async defer<Result>(run: () => Promise<Result>): Promise<Result> {
    return run()
  }

  push(event: Happening, payload?: unknown): void {
    this.#below?.push(event, payload)
  }

  async flush(name: string | EventClass): Promise<void> {
    await this.#below?.flush(name)
  }

  forget(what: string | EventClass): void {
    this.#below?.forget(what)
  }

  hasListeners(what: string | EventClass): boolean {
    return this.#below?.hasListeners(what) ?? false
  }

  /** Throws unless it happened (so many times; once in a way that passes the check). */
  assertDispatched<E extends object>(what: Named<E>, check?: Check<E>): void {
    const found = this.dispatched(what)
    const name = wordFor(what)
    if (typeof check === 'number') {
      const message = `${name} was dispatched ${found.length} times, not ${check}`
      demand(found.length === check, `${message}. ${this.#story()}`)
    } else if (check === undefined) {
      demand(found.length > 0, `${name} was not dispatched. ${this.#story()}`)
    } else {
      const passes = found.some((event) => check(event))
      demand(passes, `${name} was not dispatched as it should have been. ${this.#story()}`)
    }
  }

  assertDispatchedOnce<E extends object>(what: Named<E>): void {
    this.assertDispatched(what, 1)
  }

  assertDispatchedTimes<E extends object>(what: Named<E>, times: number): void {
    this.assertDispatched(what, times)
  }

  assertNotDispatched<E extends object>(what: Named<E>): void {
    const { length } = this.dispatched(what)
    demand(
      length === 0,
      `${wordFor(what)} was dispatched ${length} times, and should not have been.`,
    )
  }

  assertNothingDispatched(): void {
    demand(this.#seen.length === 0, `Something was dispatched. ${this.#story()}`)
  }

  /** Throws unless `listener` (a class, a function, a name) was declared with `listen` for it. */
  assertListening(what: Named<object>, listener: string | { readonly name: string }): void {
    const wanted = typeof listener === 'string' ? listener : listener.name
    const found = declared.rows.filter(({ key }) => key === what).map((row) => row.listener)
    const others = found.length === 0 ? 'nobody' : found.join(', ')
    demand(found.includes(wanted), `${wanted} does not listen to ${wordFor(what)}: ${others} does.`)
  }

  /** What happened of it, oldest first; of a name, its payloads. */
  dispatched<E extends object>(what: Named<E>): readonly E[] {
    return this.#seen
      .filter(({ event }) => isOf(event, what))
      .map(({ event, payload }) => (typeof event === 'string' ? payload : event) as E)
  }

  hasDispatched<E extends object>(what: Named<E>): boolean {
    return this.dispatched(what).length > 0
  }

  #takes(event: Happening): boolean {
    if (this.#except.some((what) => isOf(event, what))) return false
    return this.#only === null || this.#only.some((what) => isOf(event, what))
  }

  #story(): string {
    if (this.#seen.length === 0) return 'Nothing was dispatched at all.'
    const names = this.#seen.map(({ event }) => eventNameOf(event))
    return `Dispatched were: ${names.join(', ')}.`
  }
}

function current(): EventFake {
  const there = currentEvents.isThere ? currentEvents.get() : null
  if (there instanceof EventFake) return there
  throw new Error('No fake takes events: say EventFake.fake() first.')
}

function isOf(event: Happening, what: Named<object>): boolean {
  if (typeof what === 'string') return eventNameOf(event) === what
  return typeof event !== 'string' && event instanceof what
}

function wordFor(what: Named<object>): string {
  return typeof what === 'string' ? what : what.name || dottedName('')
}
