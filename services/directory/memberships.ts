import { type Keys, type Op, partitionOf, type Store } from '../../src/index.ts'
import { assertUserId } from './user-record.ts'

interface Belonging {
  readonly groups: readonly string[]
  readonly roles: readonly string[]
}

/** Who was put on call for a type of alert, schedules aside. */
export interface OnCallSet {
  readonly type: string
  readonly users: readonly string[]
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
    await (on ? this.listOnCall(alertType) : this.#unlistEmpty(alertType))
  }

  /** Lists a type of alert among those that have somebody on call. */
  async listOnCall(alertType: string): Promise<void> {
    await this.#changeSet(this.#keys.onCallTypes(), 'oncall_types', 'sadd', [alertType])
  }

  /** Everybody who was put on call, by type of alert. */
  async onCallSets(): Promise<OnCallSet[]> {
    const types = await this.#store.members(this.#at('oncall_types'), this.#keys.onCallTypes())
    const sets = await Promise.all(
      types.sort().map(async (type) => ({ type, users: (await this.onCall(type)).sort() })),
    )
    return sets.filter(({ users }) => users.length > 0)
  }

  /** Whoever adds somebody lists the type after that: one of the two looks is late enough. */
  async #unlistEmpty(alertType: string): Promise<void> {
    const isEmpty = async () => (await this.onCall(alertType)).length === 0
    if (!(await isEmpty())) return
    await this.#changeSet(this.#keys.onCallTypes(), 'oncall_types', 'srem', [alertType])
    if (!(await isEmpty())) await this.listOnCall(alertType)
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
