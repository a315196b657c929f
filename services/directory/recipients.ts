import { Batcher, type Keys, messageOf, partitionOf, type Store } from '../../src/index.ts'
import type { OwnDirectory } from './own-directory.ts'
import { parsedRecipient } from './parsed-recipient.ts'
import type { PreferenceDefaults } from './preference-defaults.ts'
import type { Recipient, UserChanges } from './user-record.ts'

const AT_ONCE = { size: 256, inFlight: 2 }

interface Parts {
  readonly store: Store
  readonly keys: Keys
  readonly own: OwnDirectory | null
  readonly defaults: Pick<PreferenceDefaults, 'get'>
}

/** What routing needs of people; those who are asked for in one turn are read together. */
export class Recipients {
  readonly #parts: Parts
  /** One per partition. */
  readonly #batches: readonly Batcher<string, Recipient | Error>[]

  constructor(parts: Parts) {
    this.#parts = parts
    this.#batches = Array.from({ length: parts.store.partitions }, (_, partition) => {
      return new Batcher((ids) => this.#read(partition, ids), AT_ONCE)
    })
  }

  /** Rejects where this one cannot be told, whoever was asked for with him. */
  async find(id: string): Promise<Recipient> {
    const partition = partitionOf(id, this.#parts.store.partitions)
    const found = await this.#batches[partition]!.add(id)
    if (found instanceof Error) throw found
    return found
  }

  async #read(partition: number, ids: readonly string[]): Promise<(Recipient | Error)[]> {
    const { store, keys, own, defaults: all } = this.#parts
    const [texts, devices, defaults] = await Promise.all([
      store.getMany(
        partition,
        ids.flatMap((id) => [keys.profile(id), keys.preferences(id)]),
      ),
      store.countMany(
        partition,
        ids.map((id) => keys.pushTokens(id)),
      ),
      all.get(),
    ])
    const others = own === null ? null : await Promise.all(ids.map((id) => askOwn(own, id)))
    return ids.map((id, n) => {
      const said = { profile: texts[2 * n] ?? null, preferences: texts[2 * n + 1] ?? null }
      const other = others?.[n] ?? null
      if (other instanceof Error) return other
      try {
        const { user, preferences } = parsedRecipient(keys.user(id), id, { ...said, defaults })
        return {
          user: others === null ? user : { ...user, ...other, id },
          preferences,
          hasDevices: (devices[n] ?? 0) > 0,
        }
      } catch (error) {
        return asError(error)
      }
    })
  }
}

async function askOwn(own: OwnDirectory, id: string): Promise<UserChanges | Error | null> {
  try {
    return await own.find(id)
  } catch (error) {
    return asError(error)
  }
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(messageOf(error))
}
