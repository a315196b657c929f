import { type Keys, type Op, partitionOf, type Store } from '../../src/index.ts'
import { assertUserId } from './user-record.ts'

interface Belonging {
  readonly groups: readonly string[]
  readonly roles: readonly string[]
}

/**
 * Who belongs to which group, role and on-call list: plain sets, so that an ops
 * script may add to them too.
 */
export class Memberships {
  readonly #store: Store
  readonly #keys: Keys

  constructor(parts: { store: Store; keys: Keys }) {
    this.#store = parts.store
    this.#keys = parts.keys
  }

  async addToGroup(group: string, users: readonly string[]): Promise<void> {
    await this.#changeSet(this.#keys.groupMembers(group), group, 'sadd', users)
    await this.#changeSet(this.#keys.groups(), 'groups', 'sadd', [group])
  }

  async removeFromGroup(group: string, users: readonly string[]): Promise<void> {
    await this.#changeSet(this.#keys.groupMembers(group), group, 'srem', users)
  }

  async groupMembers(group: string): Promise<string[]> {
    return this.#store.members(this.#at(group), this.#keys.groupMembers(group))
  }

  /** Who holds a role; the set of `admin` is the seed's `users:admin`. */
  async roleMembers(role: string): Promise<string[]> {
    return this.#store.members(this.#at(role), this.#keys.role(role))
  }

  async onCall(alertType: string): Promise<string[]> {
    return this.#store.members(this.#at(alertType), this.#keys.onCall(alertType))
  }

  async setOnCall(alertType: string, users: readonly string[], on: boolean): Promise<void> {
    await this.#changeSet(this.#keys.onCall(alertType), alertType, on ? 'sadd' : 'srem', users)
  }

  /** Follows a profile's change of groups and roles. */
  async move(id: string, before: Belonging, after: Belonging): Promise<void> {
    const left = (a: readonly string[], b: readonly string[]) => a.filter((x) => !b.includes(x))
    await Promise.all([
      ...left(after.groups, before.groups).map((group) => this.addToGroup(group, [id])),
      ...left(before.groups, after.groups).map((group) => this.removeFromGroup(group, [id])),
      ...left(after.roles, before.roles).map((role) =>
        this.#changeSet(this.#keys.role(role), role, 'sadd', [id]),
      ),
      ...left(before.roles, after.roles).map((role) =>
        this.#changeSet(this.#keys.role(role), role, 'srem', [id]),
      ),
    ])
  }

  async #changeSet(
    key: string,
    owner: string,
    verb: 'sadd' | 'srem',
    members: readonly string[],
  ): Promise<void> {
    members.forEach(assertUserId)
    if (members.length === 0) return
    await this.#store.commit({
      partition: this.#at(owner),
      ops: members.map((member): Op => [verb, key, member]),
    })
  }

  #at(id: string): number {
    return partitionOf(id, this.#store.partitions)
  }
}
