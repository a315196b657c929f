import { timingSafeEqual } from 'node:crypto'
import {
  type Clock,
  everybody,
  type Keys,
  type Principal,
  type Scope,
  type Store,
  Unauthenticated,
} from '../../src/index.ts'
import type { ApiKey, NewKey } from './api-key-record.ts'
import { ApiKeys, type CreatedKey } from './api-keys.ts'
import { principalOf, SCOPES } from './claims.ts'
import { CredentialCache, fingerprint } from './credential-cache.ts'
import { type TokenSettings, TokenVerifier } from './token-verifier.ts'

/** How long a revoked key may still be taken by a process that has just seen it. */
const KEY_CACHE_MS = 5000
const CACHE_CAPACITY = 10_000
const MAX_CREDENTIAL = 8192
const JWT = /^[\w-]+\.[\w-]+\.[\w-]*$/
const DEFAULT_TOKEN_SECONDS = 3600

/** What a program that we are part of says of whoever shows a credential. */
export interface OwnPrincipal {
  readonly id: string
  readonly roles?: readonly string[]
  readonly groups?: readonly string[]
  /** Default: `publish` and `read`. */
  readonly scopes?: readonly Scope[]
}

/** Whose credential it is; `null`: not one of ours to judge. */
export type OwnAuthenticate = (credential: string) => Promise<OwnPrincipal | null>

export interface AccessSettings {
  /** `off`: callers are whoever they say they are. */
  readonly mode: 'off' | 'token'
  readonly adminKey: string | null
  readonly jwt: TokenSettings | null
  /** Somebody else's word on a credential, asked first. */
  readonly own?: OwnAuthenticate
}

/** What a development token says; everything but `sub` may be left out. */
export interface TokenClaims {
  readonly sub: string
  readonly roles?: readonly string[]
  readonly groups?: readonly string[]
  readonly tenant?: string
  readonly scope?: readonly Scope[] | string
  readonly topics?: readonly string[]
  readonly channels?: readonly string[]
}

interface Parts {
  readonly store: Store
  /** Of the default tenant. */
  readonly keys: Keys
  readonly clock: Clock
  readonly settings: AccessSettings
}

/**
 * Who is behind a credential, through whichever door it comes: the admin key,
 * an API key, a device's login, or a JSON Web Token. The tenant comes from the
 * credential and from nowhere else.
 */
export class AccessService {
  readonly mode: AccessSettings['mode']
  readonly keys: ApiKeys
  readonly #adminKey: Buffer | null
  readonly #tokens: TokenVerifier | null
  readonly #cache: CredentialCache
  readonly #clock: Clock
  readonly #own: OwnAuthenticate | null

  /** Throws when the secret for tokens is too short. */
  constructor({ store, keys, clock, settings }: Parts) {
    this.mode = settings.mode
    this.keys = new ApiKeys({ store, keys, clock })
    this.#adminKey = settings.adminKey === null ? null : digestOf(settings.adminKey)
    this.#tokens = settings.jwt === null ? null : new TokenVerifier(settings.jwt, clock)
    this.#cache = new CredentialCache({ clock, capacity: CACHE_CAPACITY })
    this.#clock = clock
    this.#own = settings.own ?? null
  }

  /** Whether a text has the form of a credential: an API key or a token. */
  static looksLikeCredential(text: string): boolean {
    return ApiKeys.isKey(text) || (text.startsWith('eyJ') && JWT.test(text))
  }

  /**
   * Whose credential this is: the admin key, an API key, or a token. Throws
   * `Unauthenticated`; `Unavailable` while the store or the keys are away.
   */
  async authenticate(credential: string): Promise<Principal> {
    if (credential === '' || credential.length > MAX_CREDENTIAL) throw unknownCredential()
    if (this.#isAdminKey(credential)) return administrator()
    const own = await this.#own?.(credential)
    if (own) return ownPrincipal(own)
    const isKey = ApiKeys.isKey(credential)
    if (!isKey && !JWT.test(credential)) throw unknownCredential()
    const hash = ApiKeys.hashOfKey(credential)
    const known = this.#cache.find(hash)
    if (known !== null) return known
    return isKey ? this.#byStoredHash(hash) : this.#byToken(credential, hash)
  }

  /** An MQTT login: the password is a credential, or user name and password are a device's. */
  async login(username: string, password: string): Promise<Principal> {
    if (this.#isAdminKey(password) || AccessService.looksLikeCredential(password)) {
      return this.authenticate(password)
    }
    if (password === '' || username.length + password.length > MAX_CREDENTIAL) {
      throw unknownCredential()
    }
    const hash = ApiKeys.hashOfDevice(username, password)
    return this.#cache.find(hash) ?? this.#byStoredHash(hash)
  }

  /** Whoever somebody says he is, where authentication is off. Throws `Unauthenticated` otherwise. */
  claimed(userId: string): Principal {
    if (this.mode === 'off') return everybody(userId)
    throw new Unauthenticated('Say who you are: Authorization: Bearer <token or API key>.')
  }

  create(wanted: NewKey): Promise<CreatedKey> {
    return this.keys.create(wanted)
  }

  createDevice(name: string, publishPatterns: readonly string[], tenant = '') {
    return this.keys.createDevice(name, publishPatterns, tenant)
  }

  list(
    limit: number,
    cursor: string | null = null,
    tenant: string | null = null,
  ): Promise<{ readonly data: ApiKey[]; readonly next_cursor: string | null }> {
    return this.keys.list(limit, cursor, tenant)
  }

  /** Ends a key: here at once, in other processes within five seconds. */
  async revoke(id: string, tenant: string | null = null): Promise<void> {
    this.#cache.forget(await this.keys.revoke(id, tenant))
  }

  /**
   * Makes the first key where authentication is on and there is none; answers
   * with its secret, to be printed once, or `null`.
   */
  async bootstrap(): Promise<string | null> {
    if (this.mode === 'off' || this.#adminKey !== null) return null
    const roles = ['admin', 'super_admin']
    const created = await this.keys.createFirst({ name: 'admin', scopes: SCOPES, roles })
    return created?.secret ?? null
  }

  /**
   * A token for development, signed with the configured secret and valid for an
   * hour unless told otherwise. Throws `Conflict` where there is no secret.
   */
  issueToken(claims: TokenClaims, expiresInSeconds = DEFAULT_TOKEN_SECONDS): Promise<string> {
    const tokens = this.#tokens ?? new TokenVerifier(NO_SETTINGS, this.#clock)
    const { scope, ...rest } = claims
    const words = typeof scope === 'string' ? scope : scope?.join(' ')
    return tokens.sign(
      { ...rest, ...(words === undefined ? {} : { scope: words }) },
      expiresInSeconds,
    )
  }

  #isAdminKey(credential: string): boolean {
    return this.#adminKey !== null && timingSafeEqual(this.#adminKey, digestOf(credential))
  }

  async #byStoredHash(hash: string): Promise<Principal> {
    const principal = await this.keys.find(hash)
    const now = this.#clock.now()
    if (principal === null || hasEnded(principal, now)) throw unknownCredential()
    const until = Math.min(principal.expiresAt ?? Number.POSITIVE_INFINITY, now + KEY_CACHE_MS)
    this.#cache.keep(hash, principal, until)
    return principal
  }

  async #byToken(token: string, hash: string): Promise<Principal> {
    if (this.#tokens === null) throw unknownCredential()
    const principal = principalOf(await this.#tokens.verify(token))
    this.#cache.keep(hash, principal, principal.expiresAt ?? 0)
    return principal
  }
}

const NO_SETTINGS: TokenSettings = { secret: null, jwksUrl: null, issuer: null, audience: null }

/** What the holder of the admin key is. */
function administrator(): Principal {
  return { ...everybody('admin'), via: 'key' }
}

function hasEnded({ expiresAt }: Principal, now: number): boolean {
  return expiresAt !== null && expiresAt <= now
}

function unknownCredential(): Unauthenticated {
  return new Unauthenticated('The token or key is not known here.')
}

/** Two digests have one length, which a comparison in constant time needs. */
function digestOf(text: string): Buffer {
  return Buffer.from(fingerprint(text), 'hex')
}

function ownPrincipal({ id, roles = [], groups = [], scopes }: OwnPrincipal): Principal {
  return {
    ...everybody(id),
    ...{ roles, groups, via: 'token' },
    scopes: scopes ?? ['publish', 'read'],
  }
}
