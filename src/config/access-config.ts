import { BlockList, isIP } from 'node:net'
import type { Draft } from './draft.ts'
import type { VariableName } from './variables.ts'

/** How tokens are verified: by a shared secret, by public keys, or either. */
export interface JwtConfig {
  readonly secret: string | null
  readonly jwksUrl: string | null
  readonly issuer: string | null
  readonly audience: string | null
}

export interface AuthConfig {
  /** `off`: the caller is whoever he says he is, with every role. */
  readonly mode: 'off' | 'token'
  readonly adminKey: string | null
  readonly jwt: JwtConfig | null
}

const JWT_NAMES = [
  'BELFRY_JWT_SECRET',
  'BELFRY_JWKS_URL',
  'BELFRY_JWT_ISSUER',
  'BELFRY_JWT_AUDIENCE',
] as const

/** Below this a secret gets a warning. */
const SAFE_LENGTH = 16

const LOOPBACK = new BlockList()
LOOPBACK.addSubnet('127.0.0.0', 8, 'ipv4')
LOOPBACK.addAddress('::1', 'ipv6')

/** Whether only this machine reaches an address. */
export function isLoopback(host: string): boolean {
  const version = isIP(host)
  if (version !== 0) return LOOPBACK.check(host, version === 6 ? 'ipv6' : 'ipv4')
  return /^(.+\.)?localhost\.?$/i.test(host)
}

/** Addresses by which we are reached, with the variable that names each. */
export type Reach = readonly (readonly [name: VariableName, host: string])[]

/** The access part of the configuration; decides whether authentication is on. */
export function accessConfig(draft: Draft, reach: Reach): AuthConfig {
  const { values } = draft
  checkJwt(draft)
  for (const name of ['BELFRY_ADMIN_KEY', 'BELFRY_APP_SECRET'] as const) {
    if ((values[name]?.length ?? SAFE_LENGTH) < SAFE_LENGTH) {
      draft.warn(`${name} is short enough to be guessed; take ${SAFE_LENGTH} random characters.`)
    }
  }
  return {
    mode: authMode(draft, reach),
    adminKey: values.BELFRY_ADMIN_KEY ?? null,
    jwt: JWT_NAMES.some((name) => draft.isGiven(name))
      ? {
          secret: values.BELFRY_JWT_SECRET ?? null,
          jwksUrl: values.BELFRY_JWKS_URL ?? null,
          issuer: values.BELFRY_JWT_ISSUER ?? null,
          audience: values.BELFRY_JWT_AUDIENCE ?? null,
        }
      : null,
  }
}

function authMode(draft: Draft, reach: Reach): AuthConfig['mode'] {
  const { BELFRY_AUTH: chosen, BELFRY_INSECURE: insecure } = draft.values
  const open = reach.find(([, host]) => !isLoopback(host))
  if (chosen === 'off' && open && !insecure) {
    const [name, host] = open
    const expected = `token, because ${name} (${host}) is not loopback; BELFRY_INSECURE=1 insists`
    draft.complain('BELFRY_AUTH', expected, '"off"')
  }
  if (draft.isGiven('BELFRY_AUTH')) return chosen ?? 'token'
  const proof = (['BELFRY_ADMIN_KEY', ...JWT_NAMES] as const).find((name) => draft.isGiven(name))
  if (proof) return decide(draft, 'token', `decided: ${proof} is set`)
  if (open) return decide(draft, 'token', `decided: ${open[0]} (${open[1]}) is not loopback`)
  return decide(draft, 'off', 'decided: only this machine reaches us, and no key is set')
}

function decide(draft: Draft, mode: AuthConfig['mode'], why: string): AuthConfig['mode'] {
  draft.decide('BELFRY_AUTH', mode, why)
  return mode
}

function checkJwt(draft: Draft): void {
  if (draft.isGiven('BELFRY_JWT_SECRET') || draft.isGiven('BELFRY_JWKS_URL')) return
  const claim = (['BELFRY_JWT_ISSUER', 'BELFRY_JWT_AUDIENCE'] as const).find((name) =>
    draft.isGiven(name),
  )
  if (claim) {
    draft.complain('BELFRY_JWT_SECRET', `this or BELFRY_JWKS_URL, since ${claim} is set`, null)
  }
}
