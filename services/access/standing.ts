import type { Principal } from '../../src/index.ts'
import type { Directory } from '../directory/directory.ts'
import type { Memberships } from '../directory/memberships.ts'

/** How somebody is shown to others. */
export interface Card {
  readonly [field: string]: unknown
  readonly id: string
  readonly name: string
  readonly avatar: string | null
}

/** What somebody is: by his token, and by what the directory says of him. */
export class Standing {
  readonly #directory: Pick<Directory, 'recipient'>
  readonly #memberships: Pick<Memberships, 'groupMembers'>

  constructor(parts: {
    readonly directory: Pick<Directory, 'recipient'>
    readonly memberships: Pick<Memberships, 'groupMembers'>
  }) {
    this.#directory = parts.directory
    this.#memberships = parts.memberships
  }

  /** Where authentication is off everybody has every role. */
  async hasAnyRole(who: Principal, roles: readonly string[]): Promise<boolean> {
    const has = (role: string) => roles.includes(role)
    if (who.via === 'none' || who.roles.some(has)) return true
    return (await this.#profile(who)).roles.some(has)
  }

  /** Every role that somebody has, once each. */
  async rolesOf(who: Principal): Promise<string[]> {
    return [...new Set([...who.roles, ...(await this.#profile(who)).roles])]
  }

  async isInGroup(who: Principal, group: string): Promise<boolean> {
    if (who.via === 'none' || who.groups.includes(group)) return true
    return (await this.#memberships.groupMembers(group)).includes(who.id)
  }

  async isOfOrganization(who: Principal, organization: string): Promise<boolean> {
    return who.via === 'none' || (await this.#profile(who)).organization_id === organization
  }

  async card(who: Principal): Promise<Card> {
    const { data } = await this.#profile(who)
    const { name, avatar, avatar_url: url } = data
    const picture = avatar ?? url
    return {
      id: who.id,
      name: typeof name === 'string' ? name : who.id,
      avatar: typeof picture === 'string' ? picture : null,
    }
  }

  async #profile({ id }: Principal) {
    return (await this.#directory.recipient(id)).user
  }
}
