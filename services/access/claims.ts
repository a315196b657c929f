import type { JWTPayload } from 'jose'
import { isSafeId, type Principal, type Scope, Unauthenticated } from '../../src/index.ts'

export const SCOPES: readonly Scope[] = ['publish', 'read', 'operate', 'admin']

/** A tenant stands between colons in keys, so it has none. */
const TENANT = /^[A-Za-z0-9_\-=@.~]{1,64}$/

/**
 * The principal that a verified token speaks of (contract §2): `sub`, `exp`,
 * `roles`, `groups`, `tenant`, `scope`, `topics`, `channels`. A token that names
 * none of our scopes may read, and nothing else. Throws `Unauthenticated` when
 * a claim has a shape that cannot be honoured.
 */
export function principalOf(claims: JWTPayload): Principal {
  const { sub, exp, tenant } = claims
  if (!isSafeId(sub)) throw new Unauthenticated('The token has no usable sub.')
  if (typeof exp !== 'number') throw new Unauthenticated('The token has no exp.')
  return {
    id: sub,
    tenant: tenantOf(tenant),
    roles: names(claims.roles),
    groups: names(claims.groups),
    scopes: scopesOf(claims.scope),
    topics: patterns('topics', claims.topics),
    channels: patterns('channels', claims.channels),
    expiresAt: exp * 1000,
    via: 'token',
  }
}

/** Whether a word can be a tenant; the empty one is the default tenant. */
export function isTenant(word: unknown): word is string {
  return word === '' || (typeof word === 'string' && TENANT.test(word))
}

function tenantOf(claim: unknown): string {
  const tenant = claim ?? ''
  if (!isTenant(tenant)) throw new Unauthenticated('The token has no usable tenant.')
  return tenant
}

/** Other services' scopes (`openid profile`) say nothing about ours. */
function scopesOf(claim: unknown): readonly Scope[] {
  const words: readonly unknown[] =
    typeof claim === 'string' ? claim.split(/[\s,]+/) : asList(claim)
  const named = SCOPES.filter((scope) => words.includes(scope))
  return named.length > 0 ? named : ['read']
}

/** What cannot be a name gives no right. */
function names(claim: unknown): readonly string[] {
  return (typeof claim === 'string' ? [claim] : asList(claim)).filter(isSafeId)
}

/** A limit that cannot be read must not become no limit. */
function patterns(claim: string, value: unknown): readonly string[] | null {
  if (value === undefined || value === null) return null
  const list = typeof value === 'string' ? [value] : value
  if (Array.isArray(list) && list.every((each) => typeof each === 'string')) return list
  throw new Unauthenticated(`The token's ${claim} must be a list of patterns.`)
}

function asList(claim: unknown): readonly unknown[] {
  return Array.isArray(claim) ? claim : []
}
