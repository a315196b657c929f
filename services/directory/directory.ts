import {
  type Keys,
  NotFound,
  type Op,
  partitionOf,
  type Store,
  Unavailable,
} from '../../src/index.ts'
import { Devices } from './devices.ts'
import type { Memberships } from './memberships.ts'
import { justBefore, splitCursor } from './name-order.ts'
import type { OwnDirectory } from './own-directory.ts'
import type { PreferenceDefaults } from './preference-defaults.ts'
import {
  effective,
  NOTHING_SAID,
  type Preferences,
  type SaidPreferences,
  saidIn,
  shownPreferences,
  withChanges,
  withoutChannel,
} from './preferences.ts'
import { Recipients } from './recipients.ts'
import { TimeZones } from './time-zones.ts'
import {
  assertUserId,
  type Device,
  emptyProfile,
  parseProfile,
  type Recipient,
  type UserChanges,
  type UserRecord,
} from './user-record.ts'

interface Parts {
  readonly store: Store
  readonly keys: Keys
  readonly memberships: Memberships
  readonly own?: OwnDirectory | undefined
  /** What people want who say nothing else; absent: what everybody does. */
  readonly defaults?: PreferenceDefaults
}

/** What a record becomes, and what is done first. */
interface Rewritten {
  readonly after: object
  readonly ops: readonly Op[]
  readonly first?: () => Promise<void>
}

/** The people Belfry knows: profiles, roles, groups, preferences, devices. */
export class Directory {
  /** Who lives by which clock. */
  readonly timeZones: TimeZones
  readonly #store: Store
  readonly #keys: Keys
  readonly #memberships: Memberships
  readonly #defaults: Pick<PreferenceDefaults, 'get'>
  readonly #devices: Devices
  readonly #recipients: Recipients

  constructor(parts: Parts) {
    this.#store = parts.store
    this.#keys = parts.keys
    this.#memberships = parts.memberships
    this.timeZones = new TimeZones(parts)
    this.#devices = new Devices(parts)
    this.#defaults = parts.defaults ?? { get: () => NOTHING_SAID }
    this.#recipients = new Recipients({
      ...parts,
      own: parts.own ?? null,
      defaults: this.#defaults,
    })
  }

  /**
   * What routing to `id` needs; a user that nobody named before has the defaults.
   * Recipients that are asked for in one turn are read together.
   */
  recipient(id: string): Promise<Recipient> {
    return this.#recipients.find(id)
  }

  /** The profile of `id` with its devices; `NotFound` when nobody ever named him. */
  async find(id: string): Promise<UserRecord> {
    const partition = this.#at(id)
    const [profile, named, devices] = await Promise.all([
      this.#store.get(partition, this.#keys.profile(id)),
      this.#isListed(id),
      this.devices(id),
    ])
    if (profile === null && !named) throw new NotFound(`There is no user ${id}.`)
    const user = profile === null ? emptyProfile(id) : parseProfile(id, profile)
    return { ...user, devices }
  }

  /** Creates or changes one user; fields that are not given stay as they are. */
  async save(id: string, changes: UserChanges): Promise<UserRecord> {
    assertUserId(id)
    const { devices, ...fields } = changes
    const { after } = await this.#rewrite(id, 'profile', (old) => {
      const before = old === null ? emptyProfile(id) : parseProfile(id, old)
      const after: UserRecord = { ...before, ...fields, id, devices: [] }
      const ops = this.timeZones.moveOps(id, before.timezone, after.timezone)
      // Before the profile says it: who tries again after a failure makes up for it.
      const first = () => this.#memberships.move(id, before, after)
      return { after, ops, first }
    })
    if (devices) await Promise.all(devices.map((device) => this.addDevice(id, device)))
    return { ...after, devices: await this.devices(id) }
  }

  async preferences(id: string): Promise<Preferences> {
    const text = await this.#store.get(this.#at(id), this.#keys.preferences(id))
    return shownPreferences(effective(saidIn(text), await this.#defaults.get()))
  }

  /** What is not given stays, of types and categories too. */
  savePreferences(id: string, changes: SaidPreferences): Promise<Preferences> {
    return this.#changePreferences(id, (before) => withChanges(before, changes))
  }

  /** Ends one channel for messages of a category, or of a type. */
  switchOff(
    id: string,
    channel: string,
    subject: Parameters<typeof withoutChannel>[2],
  ): Promise<Preferences> {
    return this.#changePreferences(id, (before) => withoutChannel(before, channel, subject))
  }

  async #changePreferences(
    id: string,
    change: (before: SaidPreferences) => SaidPreferences,
  ): Promise<Preferences> {
    assertUserId(id)
    const { after } = await this.#rewrite(id, 'preferences', (old) => ({
      after: change(saidIn(old)),
      ops: [],
    }))
    return shownPreferences(effective(after, await this.#defaults.get()))
  }

  /** In place of what is stored, what is made of it; once more where others wrote meanwhile. */
  async #rewrite<Made extends Rewritten>(
    id: string,
    what: 'profile' | 'preferences',
    make: (old: string | null) => Made,
  ): Promise<Made> {
    const partition = this.#at(id)
    const key = this.#keys[what](id)
    for (let attempt = 0; attempt < 20; attempt++) {
      const old = await this.#store.get(partition, key)
      const made = make(old)
      await made.first?.()
      const outcome = await this.#store.commit({
        partition,
        guards: [['expect', key, old]],
        ops: [
          ['set', key, JSON.stringify(made.after), 0],
          ['zadd', this.#keys.users(), 0, id],
          ...made.ops,
        ],
      })
      if (outcome.applied) return made
    }
    throw new Unavailable(`Somebody else changes the ${what} of ${id} too; try again.`)
  }

  devices(id: string): Promise<Device[]> {
    return this.#devices.of(id)
  }

  /** Registers a device; at most 100 a user. */
  addDevice(id: string, device: Device): Promise<void> {
    return this.#devices.add(id, device)
  }

  removeDevice(id: string, token: string): Promise<void> {
    return this.#devices.remove(id, token)
  }

  /** How many users there are in all. */
  async size(): Promise<number> {
    const users = this.#keys.users()
    const count = (_: unknown, partition: number) => this.#store.count(partition, users)
    const counts = await Promise.all(Array.from({ length: this.#store.partitions }, count))
    return counts.reduce((sum, count) => sum + count, 0)
  }

  /** Users of one partition in order of id, from the first past `after`. */
  async usersOf(partition: number, after: string, limit: number): Promise<string[]> {
    return this.#store.rangeByName(partition, this.#keys.users(), after, limit)
  }

  /** One page over everybody; the cursor is opaque. */
  async page(
    cursor: string | null,
    limit: number,
  ): Promise<{ ids: string[]; cursor: string | null }> {
    const [from, after] = cursor === null ? ['0', ''] : splitCursor(cursor)
    const ids: string[] = []
    for (let partition = Number(from); partition < this.#store.partitions; partition++) {
      const last = ids.length === 0 ? after : ''
      const found = await this.usersOf(partition, last, limit - ids.length)
      ids.push(...found)
      if (ids.length === limit) return { ids, cursor: `${partition}~${ids.at(-1)}` }
    }
    return { ids, cursor: null }
  }

  async #isListed(id: string): Promise<boolean> {
    const [next] = await this.usersOf(this.#at(id), justBefore(id), 1)
    return next === id
  }

  #at(id: string): number {
    return partitionOf(id, this.#store.partitions)
  }
}
