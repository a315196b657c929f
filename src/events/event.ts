import { Current } from '../support/current.ts'
import type { Delay } from '../support/moments.ts'

// biome-ignore lint/suspicious/noExplicitAny: a class takes what it wants.
export type EventClass<E extends object = object> = abstract new (...parts: any[]) => E

/** What happened: an object of a class, or a dotted name with its payload. */
export type Happening = object | string

/** What dispatches; static calls of {@link Event} go to the one in place. */
export interface Dispatching {
  dispatch(event: Happening, payload?: unknown): Promise<unknown[]>
  until(event: Happening, payload?: unknown): Promise<unknown>
  vetoedBy(event: Happening, payload?: unknown): Promise<string | null>
  queue(event: Happening, delay?: Delay): Promise<void>
  defer<Result>(run: () => Promise<Result>, names?: readonly string[]): Promise<Result>
  push(event: Happening, payload?: unknown): void
  flush(name: string | EventClass): Promise<void>
  forget(what: string | EventClass): void
  hasListeners(what: string | EventClass): boolean
}

/** The dispatcher that static calls mean. */
export const currentEvents = new Current<Dispatching>(
  'Events go nowhere yet: start Belfry with createApp() first, or put an EventFake in place.',
)

/** Something that happened. Its fields must be data if a queued listener is to get it. */
export abstract class Event {
  /** The dotted name that patterns are held against. Default: `broadcastAs()`, or `order.shipped` of `OrderShipped`. */
  declare static readonly eventName?: string
  /** When it happened, ISO 8601. */
  readonly timestamp: string = new Date().toISOString()

  /** Broadcast channels; used where the class is made with {@link ShouldBroadcast}. */
  broadcastOn?(): string | readonly string[]
  /** The event's name for clients. Default: its own name. */
  broadcastAs?(): string
  /** What clients get. Default: the fields. */
  broadcastWith?(): Readonly<Record<string, unknown>>
  /** Whether it is broadcast at all. */
  broadcastWhen?(): boolean
  /** Before its listeners, who then cannot keep it from being broadcast. Default: after those that are asked at once. */
  declare readonly broadcastFirst?: boolean

  /** Tells everybody who listens, in order; answers with what they answered. */
  static dispatch(event: Happening, payload?: unknown): Promise<unknown[]> {
    return currentEvents.get().dispatch(event, payload)
  }

  /** Asks until somebody answers something. */
  static until(event: Happening, payload?: unknown): Promise<unknown> {
    return currentEvents.get().until(event, payload)
  }

  /** Asks everybody until one answers `false`, whatever others answer; whoever that is, or `null`. */
  static vetoedBy(event: Happening, payload?: unknown): Promise<string | null> {
    return currentEvents.get().vetoedBy(event, payload)
  }

  /** Dispatches it in a worker, `delay` seconds from now or at a date; survives a crash. */
  static queue(event: Happening, delay?: Delay): Promise<void> {
    return currentEvents.get().queue(event, delay)
  }

  /** Events of `run` (of these names alone, if given) go out after it, and not at all if it throws. */
  static defer<Result>(run: () => Promise<Result>, names?: readonly string[]): Promise<Result> {
    return currentEvents.get().defer(run, names)
  }

  /** Keeps an event until {@link Event.flush}. */
  static push(event: Happening, payload?: unknown): void {
    currentEvents.get().push(event, payload)
  }

  static flush(name: string | EventClass): Promise<void> {
    return currentEvents.get().flush(name)
  }

  static forget(what: string | EventClass): void {
    currentEvents.get().forget(what)
  }

  static hasListeners(what: string | EventClass): boolean {
    return currentEvents.get().hasListeners(what)
  }
}

// biome-ignore lint/suspicious/noExplicitAny: TypeScript asks for this form of a mixin (TS2545).
type EventBase = abstract new (...parts: any[]) => Event

/** `class MessageSent extends ShouldBroadcast(Event)`: dispatching it tells browsers, too. */
export function ShouldBroadcast<Base extends EventBase>(base: Base): Base {
  abstract class Broadcast extends base {
    static readonly shouldBroadcast = true
  }
  return Broadcast
}

/** An event that says where it is broadcast. */
export type BroadcastEvent = Event & { broadcastOn(): string | readonly string[] }

/** Whether an event is one to be broadcast, and has somewhere to go. */
export function isBroadcast(event: unknown): event is BroadcastEvent {
  if (!(event instanceof Event) || event.broadcastOn === undefined) return false
  const { shouldBroadcast } = event.constructor as { readonly shouldBroadcast?: boolean }
  return shouldBroadcast === true && event.broadcastWhen?.() !== false
}
