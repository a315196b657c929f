import {
  createLocalJWKSet,
  createRemoteJWKSet,
  decodeProtectedHeader,
  errors,
  type JWTPayload,
  type JWTVerifyGetKey,
  type JWTVerifyOptions,
  jwtVerify,
  SignJWT,
} from 'jose'
import { BelfryError, type Clock, Conflict, Unauthenticated, Unavailable } from '../../src/index.ts'

const SECRET_ALGORITHMS = ['HS256', 'HS384', 'HS512']
const KEY_ALGORITHMS = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
]
const MIN_SECRET_BYTES = 32
/** Clocks of two machines are never quite the same. */
const LEEWAY_SECONDS = 5
const JWKS_TIMEOUT_MS = 5000

export interface TokenSettings {
  readonly secret: string | null
  readonly jwksUrl: string | null
  readonly issuer: string | null
  readonly audience: string | null
}

/**
 * Checks JSON Web Tokens (RFC 7519). A shared secret only ever verifies HS256,
 * HS384 and HS512, published keys only ever signatures with a private key, so
 * that none can be passed off as the other (RFC 8725 §3.1).
 */
export class TokenVerifier {
  readonly #settings: TokenSettings
  readonly #clock: Clock
  readonly #secret: Uint8Array | null
  readonly #keys: JWTVerifyGetKey | null

  /** Throws when the secret has less than 32 bytes: it could be guessed from one token. */
  constructor(settings: TokenSettings, clock: Clock) {
    const secret = settings.secret === null ? null : new TextEncoder().encode(settings.secret)
    if (secret !== null && secret.length < MIN_SECRET_BYTES) {
      throw new Error(`BELFRY_JWT_SECRET must have at least ${MIN_SECRET_BYTES} bytes.`)
    }
    this.#settings = settings
    this.#clock = clock
    this.#secret = secret
    this.#keys = settings.jwksUrl === null ? null : publishedKeys(settings.jwksUrl)
  }

  /** The claims of a valid token. Throws `Unauthenticated`, or `Unavailable` while keys cannot be had. */
  async verify(token: string): Promise<JWTPayload> {
    try {
      return await this.#check(token)
    } catch (error) {
      throw asRefusal(error)
    }
  }

  /** Signs a token with the shared secret, for development. Throws `Conflict` without one. */
  async sign(claims: Readonly<Record<string, unknown>>, expiresInSeconds: number): Promise<string> {
    if (this.#secret === null) throw new Conflict('There is no BELFRY_JWT_SECRET to sign with.')
    const { issuer, audience } = this.#settings
    const now = Math.floor(this.#clock.now() / 1000)
    const token = new SignJWT({ ...claims })
      .setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
      .setIssuedAt(now)
      .setExpirationTime(now + expiresInSeconds)
    if (issuer !== null) token.setIssuer(issuer)
    if (audience !== null) token.setAudience(audience)
    return token.sign(this.#secret)
  }

  async #check(token: string): Promise<JWTPayload> {
    const { alg } = decodeProtectedHeader(token)
    const options = this.#options()
    if (this.#secret !== null && alg?.startsWith('HS')) {
      const algorithms = SECRET_ALGORITHMS
      return (await jwtVerify(token, this.#secret, { ...options, algorithms })).payload
    }
    if (this.#keys === null)
      throw new Unauthenticated('The token is signed in a way not taken here.')
    const algorithms = KEY_ALGORITHMS
    return (await jwtVerify(token, this.#keys, { ...options, algorithms })).payload
  }

  #options(): JWTVerifyOptions {
    const { issuer, audience } = this.#settings
    return {
      currentDate: new Date(this.#clock.now()),
      clockTolerance: LEEWAY_SECONDS,
      // Without these a token lasts for ever, or is nobody's.
      requiredClaims: ['exp', 'sub'],
      ...(issuer === null ? {} : { issuer }),
      ...(audience === null ? {} : { audience }),
    }
  }
}

/**
 * Published keys. While they cannot be fetched, those known from before are
 * good; where none are known, nobody can be told from anybody: `Unavailable`.
 */
function publishedKeys(url: string): JWTVerifyGetKey {
  const published = createRemoteJWKSet(new URL(url), { timeoutDuration: JWKS_TIMEOUT_MS })
  return async (header, token) => {
    try {
      return await published(header, token)
    } catch (error) {
      if (ABOUT_TOKEN.some((kind) => error instanceof kind)) throw error
      const known = published.jwks()
      if (known !== undefined) return createLocalJWKSet(known)(header, token)
      throw new Unavailable('The keys that verify tokens cannot be had.', { cause: error })
    }
  }
}

const ABOUT_TOKEN = [
  errors.JOSENotSupported,
  errors.JWKSMultipleMatchingKeys,
  errors.JWKSNoMatchingKey,
]

/** What a caller may know: that it expired, which claim is wrong, or that it does not hold. */
function asRefusal(error: unknown): Error {
  if (error instanceof BelfryError) return error
  const options = { cause: error }
  if (error instanceof errors.JWTExpired) {
    return new Unauthenticated('The token has expired.', options)
  }
  if (error instanceof errors.JWTClaimValidationFailed) {
    return new Unauthenticated(`The token's claim ${error.claim} does not hold.`, options)
  }
  return new Unauthenticated('The token does not hold.', options)
}
