import { randomBytes } from 'node:crypto'
import {
  type Clock,
  InvalidPayload,
  isoTime,
  isSafeId,
  type Keys,
  NotFound,
  type Principal,
  type Scope,
  type Store,
  uuidv7,
} from '../src/index.ts'
import { isTenant } from './claims.ts'
import { fingerprint } from './credential-cache.ts'

const PARTITION = 0
const PREFIX = 'bk_'
/** No letters that are mistaken for others: a device's password may be typed by hand. */
const READABLE = '23456789abcdefghijkmnpqrstuvwxyz'
const DEVICE_PASSWORD_LENGTH = 16
const SHOWN = 4

/** A key as it is listed: the secret itself is nowhere. */
export interface ApiKey {
  readonly id: string
  readonly name: string
  readonly kind: 'key' | 'device'
  readonly tenant: string
  readonly scopes: readonly Scope[]
  readonly roles: readonly string[]
  /** Topic patterns that it may publish; `null`: any. */
  readonly topics: readonly string[] | null
  /** Whom it acts for; `null`: itself, under its name. */
  readonly user: string | null
  readonly created_at: string
  readonly expires_at: string | null
  /** The last characters of the secret, to tell keys apart. */
  readonly ends_with: string
}

export interface NewKey {
  readonly name: string
  readonly tenant?: string
  readonly scopes: readonly Scope[]
  readonly roles?: readonly string[]
  readonly topics?: readonly string[] | null
  readonly user?: string | null
  /** Epoch milliseconds. */
  readonly expiresAt?: number | null
}

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
    const key = this.#describe(wanted, 'key', secret)
    await this.#save(key, ApiKeys.hashOfKey(secret), null)
    return { key, secret }
  }

  /** As `create`, unless any key exists: then `null`, also when another process was faster. */
  async createFirst(wanted: NewKey): Promise<CreatedKey | null> {
    const marker = this.#keys.setting('first_key')
    const before = await this.#store.get(PARTITION, marker)
    if ((await this.#store.count(PARTITION, this.#keys.apiKeys())) > 0) return null
    const secret = PREFIX + randomBytes(32).toString('base64url')
    const key = this.#describe(wanted, 'key', secret)
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
    const key = this.#describe({ name, tenant, topics, scopes: ['publish'] }, 'device', password)
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
    return text === null ? null : toPrincipal(JSON.parse(text) as ApiKey)
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

  #describe(wanted: NewKey, kind: ApiKey['kind'], secret: string): ApiKey {
    const { name, tenant = '', user = null, expiresAt = null } = wanted
    if (!isSafeId(name)) throw invalid('name', name)
    if (user !== null && !isSafeId(user)) throw invalid('user', user)
    if (!isTenant(tenant)) throw invalid('tenant', tenant)
    const now = this.#clock.now()
    return {
      id: uuidv7(now),
      name,
      kind,
      tenant,
      scopes: wanted.scopes,
      roles: wanted.roles ?? [],
      topics: wanted.topics ?? null,
      user,
      created_at: isoTime(now),
      expires_at: expiresAt === null ? null : isoTime(expiresAt),
      ends_with: secret.slice(-SHOWN),
    }
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

function toPrincipal(key: ApiKey): Principal {
  return {
    id: key.user ?? key.name,
    tenant: key.tenant,
    roles: key.roles,
    groups: [],
    scopes: key.scopes,
    topics: key.topics,
    channels: null,
    expiresAt: key.expires_at === null ? null : Date.parse(key.expires_at),
    via: 'key',
  }
}

function hashOf(member: string): string {
  return member.slice(member.indexOf(':') + 1)
}

function readable(length: number): string {
  return Array.from(randomBytes(length), (byte) => READABLE[byte % READABLE.length]).join('')
}

function invalid(path: string, value: unknown): InvalidPayload {
  const shown = JSON.stringify(value).slice(0, 64)
  return new InvalidPayload(`The ${path} of a key cannot be ${shown}.`, [
    { path, message: 'must be 1 to 128 letters, digits or _ - = @ . : | ~' },
  ])
}
