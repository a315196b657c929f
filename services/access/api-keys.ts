import { randomBytes } from 'node:crypto'
import {
  type Clock,
  InvalidPayload,
  type Keys,
  NotFound,
  type Principal,
  type Store,
} from '../../src/index.ts'
import { type ApiKey, describeKey, type NewKey, principalOfKey } from './api-key-record.ts'
import { fingerprint } from './credential-cache.ts'

const PARTITION = 0
const PREFIX = 'bk_'
/** No letters that are mistaken for others: a device's password may be typed by hand. */
const READABLE = '23456789abcdefghijkmnpqrstuvwxyz'
const DEVICE_PASSWORD_LENGTH = 16

/** A key and its secret, which is shown this once. */
export interface CreatedKey {
  readonly key: ApiKey
  readonly secret: string
}

interface Parts {
  /** Of the default tenant: who shows a key has not said which tenant it is of. */
  readonly keys: Keys
  readonly store: Store
  readonly clock: Clock
}

/**
 * API keys (`bk_` and 32 random bytes) and the logins of devices. They are kept
 * under the SHA-256 of their secret, so that what is in the store opens nothing
 * and no comparison can be timed.
 */
export class ApiKeys {
  readonly #store: Store
  readonly #keys: Keys
  readonly #clock: Clock

  constructor(parts: Parts) {
    this.#store = parts.store
    this.#keys = parts.keys
    this.#clock = parts.clock
  }

  /** Whether a credential claims to be an API key. */
  static isKey(credential: string): boolean {
    return credential.startsWith(PREFIX)
  }

  /** Under which hash a key is kept. */
  static hashOfKey(secret: string): string {
    return fingerprint(secret)
  }

  /** Under which hash a device's login is kept. */
  static hashOfDevice(username: string, password: string): string {
    return fingerprint(`device\n${username}\n${password}`)
  }

  /** Makes a key. Throws `InvalidPayload` for a name, user or tenant that is not a safe id. */
  async create(wanted: NewKey): Promise<CreatedKey> {
    const secret = PREFIX + randomBytes(32).toString('base64url')
    const key = describeKey(wanted, { kind: 'key', secret, now: this.#clock.now() })
    await this.#save(key, ApiKeys.hashOfKey(secret), null)
    return { key, secret }
  }

  /** As `create`, unless any key exists: then `null`, also when another process was faster. */
  async createFirst(wanted: NewKey): Promise<CreatedKey | null> {
    const marker = this.#keys.setting('first_key')
    const before = await this.#store.get(PARTITION, marker)
    if ((await this.#store.count(PARTITION, this.#keys.apiKeys())) > 0) return null
    const secret = PREFIX + randomBytes(32).toString('base64url')
    const key = describeKey(wanted, { kind: 'key', secret, now: this.#clock.now() })
    const isSaved = await this.#save(key, ApiKeys.hashOfKey(secret), { marker, before })
    return isSaved ? { key, secret } : null
  }

  /** Makes an MQTT login that may publish under these patterns; the password is short. */
  async createDevice(
    name: string,
    topics: readonly string[],
    tenant = '',
  ): Promise<{ readonly key: ApiKey; readonly username: string; readonly password: string }> {
    const password = readable(DEVICE_PASSWORD_LENGTH)
    const wanted: NewKey = { name, tenant, topics, scopes: ['publish'] }
    const now = this.#clock.now()
    const key = describeKey(wanted, { kind: 'device', secret: password, now })
    await this.#save(key, ApiKeys.hashOfDevice(name, password), null)
    return { key, username: name, password }
  }

  /** Oldest first, `limit` from after `cursor`; of one tenant unless `tenant` is `null`. */
  async list(
    limit: number,
    cursor: string | null = null,
    tenant: string | null = null,
  ): Promise<{ readonly data: ApiKey[]; readonly next_cursor: string | null }> {
    const data: ApiKey[] = []
    for (let after = cursor ?? ''; ; ) {
      const members = await this.#store.rangeByName(PARTITION, this.#keys.apiKeys(), after, limit)
      for (const [index, record] of (await this.#read(members)).entries()) {
        if (record === null || (tenant !== null && record.tenant !== tenant)) continue
        if (data.length === limit) return { data, next_cursor: after }
        after = members[index]!
        data.push(record)
      }
      if (members.length < limit) return { data, next_cursor: null }
      after = members.at(-1)!
    }
  }

  /** Ends a key; answers with its hash. Throws `NotFound`, also for a key of another tenant. */
  async revoke(id: string, tenant: string | null = null): Promise<string> {
    const unknown = new NotFound(`There is no key ${id}.`)
    const [member] = await this.#store.rangeByName(PARTITION, this.#keys.apiKeys(), id, 1)
    if (!member?.startsWith(`${id}:`)) throw unknown
    const [record] = await this.#read([member])
    if (tenant !== null && record?.tenant !== tenant) throw unknown
    const hash = hashOf(member)
    await this.#store.commit({
      partition: PARTITION,
      ops: [
        ['del', this.#keys.apiKey(hash)],
        ['zrem', this.#keys.apiKeys(), member],
      ],
    })
    return hash
  }

  /** Who is behind a secret with this hash; `null` for nobody. */
  async find(hash: string): Promise<Principal | null> {
    const text = await this.#store.get(PARTITION, this.#keys.apiKey(hash))
    return text === null ? null : principalOfKey(JSON.parse(text) as ApiKey)
  }

  async #read(members: readonly string[]): Promise<(ApiKey | null)[]> {
    if (members.length === 0) return []
    const names = members.map((member) => this.#keys.apiKey(hashOf(member)))
    const texts = await this.#store.getMany(PARTITION, names)
    const gone = members.filter((_member, index) => texts[index] === null)
    if (gone.length > 0) {
      // Their time ran out: records expire by themselves, their names do not.
      const ops = gone.map((member) => ['zrem', this.#keys.apiKeys(), member] as const)
      await this.#store.commit({ partition: PARTITION, ops })
    }
    return texts.map((text) => (text === null ? null : (JSON.parse(text) as ApiKey)))
  }

  async #save(
    key: ApiKey,
    hash: string,
    first: { readonly marker: string; readonly before: string | null } | null,
  ): Promise<boolean> {
    const left = key.expires_at === null ? 0 : Date.parse(key.expires_at) - this.#clock.now()
    if (left < 0) throw new InvalidPayload('A key cannot have expired before it is made.')
    const outcome = await this.#store.commit({
      partition: PARTITION,
      guards: first === null ? [] : [['expect', first.marker, first.before]],
      ops: [
        ['set', this.#keys.apiKey(hash), JSON.stringify(key), left],
        // One score: the order is that of the ids, which is that of their making.
        ['zadd', this.#keys.apiKeys(), 0, `${key.id}:${hash}`],
        ...(first === null ? [] : [['set', first.marker, key.id, 0] as const]),
      ],
    })
    return outcome.applied
  }
}

function hashOf(member: string): string {
  return member.slice(member.indexOf(':') + 1)
}

function readable(length: number): string {
  return Array.from(randomBytes(length), (byte) => READABLE[byte % READABLE.length]).join('')
}
