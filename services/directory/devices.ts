import { InvalidPayload, type Keys, type Op, partitionOf, type Store } from '../../src/index.ts'
import { assertUserId, type Device, parseDevice } from './user-record.ts'

const MOST = 100

/** Where people's push notifications go. */
export class Devices {
  readonly #store: Store
  readonly #keys: Keys

  constructor({ store, keys }: { readonly store: Store; readonly keys: Keys }) {
    this.#store = store
    this.#keys = keys
  }

  async of(user: string): Promise<Device[]> {
    return (await this.#tokensOf(user)).map(parseDevice)
  }

  /** Throws `InvalidPayload` for one too many. */
  async add(user: string, device: Device): Promise<void> {
    assertUserId(user)
    const partition = this.#at(user)
    if ((await this.#store.count(partition, this.#keys.pushTokens(user))) >= MOST) {
      throw new InvalidPayload(`User ${user} has ${MOST} devices; remove one first.`)
    }
    await this.#store.commit({
      partition,
      ops: [
        ['sadd', this.#keys.pushTokens(user), `${device.platform}:${device.token}`],
        ['zadd', this.#keys.users(), 0, user],
      ],
    })
  }

  async remove(user: string, token: string): Promise<void> {
    const ops = (await this.#tokensOf(user))
      .filter((member) => parseDevice(member).token === token)
      .map((member): Op => ['srem', this.#keys.pushTokens(user), member])
    if (ops.length > 0) await this.#store.commit({ partition: this.#at(user), ops })
  }

  #tokensOf(user: string): Promise<string[]> {
    return this.#store.members(this.#at(user), this.#keys.pushTokens(user))
  }

  #at(user: string): number {
    return partitionOf(user, this.#store.partitions)
  }
}
