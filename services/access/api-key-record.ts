import {
  InvalidPayload,
  isoTime,
  isSafeId,
  type Principal,
  type Scope,
  uuidv7,
} from '../../src/index.ts'
import { isTenant } from './claims.ts'

const SHOWN = 4

/** A key as it is listed: the secret itself is nowhere. */
export interface ApiKey {
  readonly id: string
  readonly name: string
  readonly kind: 'key' | 'device'
  readonly tenant: string
  readonly scopes: readonly Scope[]
  readonly roles: readonly string[]
  /** Topic patterns that it may publish; `null`: any. */
  readonly topics: readonly string[] | null
  /** Whom it acts for; `null`: itself, under its name. */
  readonly user: string | null
  readonly created_at: string
  readonly expires_at: string | null
  /** The last characters of the secret, to tell keys apart. */
  readonly ends_with: string
}

export interface NewKey {
  readonly name: string
  readonly tenant?: string
  readonly scopes: readonly Scope[]
  readonly roles?: readonly string[]
  readonly topics?: readonly string[] | null
  readonly user?: string | null
  /** Epoch milliseconds. */
  readonly expiresAt?: number | null
}

interface Making {
  readonly kind: ApiKey['kind']
  readonly secret: string
  /** Epoch milliseconds. */
  readonly now: number
}

/** The record of a new key. Throws `InvalidPayload` for a name, user or tenant that cannot be one. */
export function describeKey(wanted: NewKey, { kind, secret, now }: Making): ApiKey {
  const { name, tenant = '', user = null, expiresAt = null } = wanted
  if (!isSafeId(name)) throw invalid('name', name)
  if (user !== null && !isSafeId(user)) throw invalid('user', user)
  if (!isTenant(tenant)) throw invalid('tenant', tenant)
  return {
    id: uuidv7(now),
    name,
    kind,
    tenant,
    scopes: wanted.scopes,
    roles: wanted.roles ?? [],
    topics: wanted.topics ?? null,
    user,
    created_at: isoTime(now),
    expires_at: expiresAt === null ? null : isoTime(expiresAt),
    ends_with: secret.slice(-SHOWN),
  }
}

/** Who its holder is. */
export function principalOfKey(key: ApiKey): Principal {
  return {
    id: key.user ?? key.name,
    tenant: key.tenant,
    roles: key.roles,
    groups: [],
    scopes: key.scopes,
    topics: key.topics,
    channels: null,
    expiresAt: key.expires_at === null ? null : Date.parse(key.expires_at),
    via: 'key',
  }
}

function invalid(path: string, value: unknown): InvalidPayload {
  const shown = JSON.stringify(value).slice(0, 64)
  return new InvalidPayload(`The ${path} of a key cannot be ${shown}.`, [
    { path, message: 'must be 1 to 128 letters, digits or _ - = @ . : | ~' },
  ])
}
