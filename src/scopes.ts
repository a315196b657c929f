import type { Context, Principal, Scope } from './context.ts'
import { Forbidden, Unauthenticated } from './support/errors.ts'

/** Whether someone may do what a scope stands for: `admin` may do everything, `operate` may read. */
export function allows(principal: Principal, scope: Scope): boolean {
  const { scopes } = principal
  if (scopes.includes(scope) || scopes.includes('admin')) return true
  return scope === 'read' && scopes.includes('operate')
}

/**
 * Lets nobody pass without the scope: throws `Unauthenticated` or `Forbidden`.
 * Who may publish only on certain topics does so on those, and by MQTT: over
 * HTTP one call could reach everybody.
 */
export function demandScope(context: Context<unknown, unknown>, scope: Scope): void {
  const { principal, door } = context
  if (principal === null) throw new Unauthenticated('Say who you are.')
  if (!allows(principal, scope)) throw new Forbidden(`This takes the scope ${scope}.`)
  if (scope === 'publish' && door !== 'mqtt' && principal.topics !== null) {
    throw new Forbidden('This credential may publish on its MQTT topics only.')
  }
}
