import type { EventClass } from './event.ts'
import {
  type Entry,
  EventListener,
  entryOfFunction,
  entryOfListener,
  type ListenerOptions,
} from './listener.ts'
import { ListenerTable } from './listener-table.ts'

/** What the program's modules declared with {@link listen}: every dispatcher knows it. */
export const declared = new ListenerTable()

/** The way to say what happens when a listener fails for good, and to take it back. */
export interface Registration<E> extends Disposable {
  /** For functions: called once, when no further try follows. */
  catch(failed: (event: E, error: Error) => unknown): this
  forget(): void
}

type ListenerClass<E> = new () => EventListener<E>

/** Whatever can listen to `E`. */
export type Listener<E> =
  | ((event: E, name: string) => unknown)
  | EventListener<E>
  | ListenerClass<E>

/** A pattern with `*` gets the name and the payloads. */
export type PatternListener =
  | ((name: string, payload: readonly unknown[]) => unknown)
  | EventListener
  | ListenerClass<unknown>

/** How to declare a listener, for all dispatchers or for one. */
export interface Listen {
  <E extends object>(
    event: EventClass<E>,
    listener: Listener<E>,
    options?: ListenerOptions<E>,
  ): Registration<E>
  (
    name: `${string}*${string}`,
    listener: PatternListener,
    options?: ListenerOptions,
  ): Registration<unknown>
  <Payload = unknown>(
    name: string,
    listener: Listener<Payload>,
    options?: ListenerOptions<Payload>,
  ): Registration<Payload>
}

/**
 * Declares a listener for the whole program:
 * `listen(OrderShipped, tellCustomer, { priority: EventPriority.HIGH, queue: 'mails' })`.
 */
export const listen: Listen = listenIn(declared)

/** The same for one table alone. */
export function listenIn(table: ListenerTable): Listen {
  return ((
    key: string | EventClass,
    listener: Listener<unknown> | PatternListener,
    options: ListenerOptions = {},
  ) => {
    let onFailed: ((event: unknown, error: Error) => unknown) | null = null
    const entry = entryOf(key, listener, options, () => onFailed)
    const forget = table.add(key, entry)
    const registration: Registration<unknown> = {
      catch(failed) {
        onFailed = failed
        return registration
      },
      forget,
      [Symbol.dispose]: forget,
    }
    return registration
  }) as Listen
}

function entryOf(
  key: string | EventClass,
  listener: Listener<unknown> | PatternListener,
  options: ListenerOptions,
  onFailed: () => ((event: unknown, error: Error) => unknown) | null,
): Entry {
  if (listener instanceof EventListener) return entryOfListener(listener, options)
  if (isListenerClass(listener)) return entryOfListener(new listener(), options)
  const isPattern = typeof key === 'string' && key.includes('*')
  const name = options.name ?? listener.name
  const call = isPattern
    ? (event: unknown, eventName: string) =>
        (listener as (name: string, payload: readonly unknown[]) => unknown)(eventName, [event])
    : (listener as (event: unknown, name: string) => unknown)
  return entryOfFunction(call, { ...options, name }, onFailed as never)
}

function isListenerClass(listener: unknown): listener is ListenerClass<unknown> {
  return (
    typeof listener === 'function' &&
    (listener as { prototype?: unknown }).prototype instanceof EventListener
  )
}

/** Whoever wants to listen to several things and says himself to which. */
export interface Subscriber {
  subscribe(events: { readonly listen: Listen }): void
}
