import { wordsOf } from '../support/words.ts'

const NAME = /^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*$/
const LONGEST = 128

/** Whether a text can be the name of an event: words with dots between them. */
export function isEventName(name: string): boolean {
  return NAME.test(name) && name.length <= LONGEST
}

/** The dotted name of what happened: what it says itself, or its class in words. */
export function eventNameOf(event: object | string): string {
  if (typeof event === 'string') return event
  const made = event.constructor
  const own = Object.hasOwn(made, 'eventName')
    ? (made as { eventName?: unknown }).eventName
    : (event as { broadcastAs?: () => unknown }).broadcastAs?.()
  return typeof own === 'string' ? own : dottedName(made.name)
}

/** `OrderStatusChanged` → `order.status.changed`. */
export function dottedName(className: string): string {
  return wordsOf(className.replace(/Event$/, '') || className).join('.')
}

/** The name by which a class, or a name, is listened to. */
export function nameOf(what: string | { readonly name: string; readonly eventName?: string }) {
  return typeof what === 'string' ? what : (what.eventName ?? dottedName(what.name))
}
