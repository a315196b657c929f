import {
  type ChannelRules,
  type ChannelVerdict,
  everybody,
  type Principal,
  readChannelName,
  type Scope,
} from '../../src/index.ts'
import type { Standing } from './standing.ts'

/** What our own sign-ins say of somebody, beside his id. */
interface SignedClaims {
  readonly roles: readonly string[]
  readonly groups: readonly string[]
  readonly scopes: readonly Scope[]
  readonly channels: readonly string[] | null
  readonly expires_at: number | null
}

interface Parts {
  readonly rules: ChannelRules<Principal>
  readonly standing: Standing
  /** Whether everybody is whoever he says, with every right. */
  readonly isOpen: boolean
  /** Of whom everybody is whom its application signs for. Default: the default tenant. */
  readonly tenant?: string
}

/** Who may join which broadcast channel, and who somebody is that signed in there. */
export class ChannelAccess {
  readonly #rules: ChannelRules<Principal>
  readonly #standing: Standing
  readonly #isOpen: boolean
  readonly #tenant: string

  constructor({ rules, standing, isOpen, tenant = '' }: Parts) {
    this.#rules = rules
    this.#standing = standing
    this.#isOpen = isOpen
    this.#tenant = tenant
  }

  /** What the rules say, or a credential that names channels itself; `null`: nothing. */
  async verdict(who: Principal | null, channel: string): Promise<ChannelVerdict> {
    const verdict = await this.#rules.verdict(who, channel)
    if (who === null || (verdict !== null && verdict !== false)) return verdict
    const { base } = readChannelName(channel)
    const isNamed = (who.channels ?? []).some((pattern) => fits(pattern, base))
    return isNamed ? true : verdict
  }

  /** What a socket is told of its user, to be signed: his id, how he is shown, what he may. */
  async userData(who: Principal): Promise<string> {
    const { roles, groups, scopes, channels, expiresAt } = who
    const claims: SignedClaims = { roles, groups, scopes, channels, expires_at: expiresAt }
    return JSON.stringify({
      id: who.id,
      user_info: await this.#standing.card(who),
      belfry: claims,
    })
  }

  /** Who somebody is that the application signed for; a stranger's signature names no more than him. */
  identify(user: string, data: Readonly<Record<string, unknown>>): Principal {
    if (this.#isOpen) return everybody(user)
    const { belfry = {} } = data as { readonly belfry?: Partial<SignedClaims> }
    return {
      id: user,
      tenant: this.#tenant,
      roles: belfry.roles ?? [],
      groups: belfry.groups ?? [],
      scopes: belfry.scopes ?? ['read'],
      topics: [],
      channels: belfry.channels ?? null,
      expiresAt: belfry.expires_at ?? null,
      via: 'token',
    }
  }
}

/** `*` stands for anything. */
function fits(pattern: string, name: string): boolean {
  const parts = pattern.split('*').map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'))
  return new RegExp(`^${parts.join('.*')}$`).test(name)
}
