import { effect, signal } from '@preact/signals'

export type Scope = 'publish' | 'read' | 'operate' | 'admin'

/** Who is looking, as `/api/me` says. */
export interface Me {
  readonly id: string
  readonly roles: readonly string[]
  readonly scopes: readonly Scope[]
  /** `none`: authentication is off. */
  readonly via: 'token' | 'key' | 'none'
}

const TOKEN = 'belfry.token'
const NAME = 'belfry.name'

/** Kept for this tab alone; gone when it is closed. */
export const token = signal<string | null>(sessionStorage.getItem(TOKEN))

/** Under what name to act where authentication is off. */
export const userName = signal(localStorage.getItem(NAME) ?? 'operator')

export const me = signal<Me | null>(null)

effect(() => {
  if (token.value === null) sessionStorage.removeItem(TOKEN)
  else sessionStorage.setItem(TOKEN, token.value)
})
effect(() => localStorage.setItem(NAME, userName.value))

/** Whether whoever is looking may do what a scope stands for, as the service sees it. */
export function may(scope: Scope): boolean {
  const scopes = me.value?.scopes ?? []
  if (scopes.includes(scope) || scopes.includes('admin')) return true
  return scope === 'read' && scopes.includes('operate')
}
