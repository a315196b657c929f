import type { Recipient } from '../notifications/recipient.ts'

/** Whom a test means: the recipient, or his id. */
export type Someone = Recipient | string

/** Whether two are the same person. */
export function isSame(one: Someone, other: Someone): boolean {
  return one === other || (idOf(one) !== null && idOf(one) === idOf(other))
}

function idOf(to: Someone): string | null {
  if (typeof to === 'string') return to
  return to.id === undefined ? null : String(to.id)
}

/** Addresses alone; `null`: it is a person. */
export function routesOf(to: Someone): object | null {
  return (to as { readonly routes?: object }).routes ?? null
}

/** What an assertion calls him. */
export function nameOf(to: Someone): string {
  const routes = routesOf(to)
  return idOf(to) ?? (routes === null ? 'somebody without an id' : JSON.stringify(routes))
}
