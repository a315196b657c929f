import { randomBytes } from 'node:crypto'
import {
  AppCredentials,
  type Bus,
  Cached,
  type Clock,
  isoTime,
  type Keys,
  type Logger,
  NotFound,
  type Store,
  Unavailable,
} from '../../src/index.ts'
import { keptSecret } from './kept-secret.ts'

const PARTITION = 0
const MOST_RACES = 20
const DAY_MS = 86_400_000
const ID = /^t-(.+)$/
const KEY = /^t-(.+)-[0-9a-f]{20}$/

interface Pair {
  readonly key: string
  readonly secret: string
  readonly created_at: string
  /** Epoch ms; absent: until there is a newer one. */
  readonly until?: number
}

/** An application of the Pusher protocol, as its administrators see it. */
export interface ShownApp {
  readonly app_id: string
  readonly key: string
  readonly secret: string
  readonly created_at?: string
  /** The pair before, while it still holds. */
  readonly previous?: { readonly key: string; readonly until: string }
}

/** What is asked of the application of the installation, and of that of a tenant. */
export interface OwnApp {
  /** Throws `NotFound` where none was made. */
  show(): Promise<ShownApp>
  /** A new key and secret; the pair before holds so much longer. */
  rotate(keepForMs?: number): Promise<ShownApp>
}

interface Parts {
  readonly tenant: string
  readonly store: Store
  readonly keys: Keys
  readonly bus: Bus
  readonly clock: Clock
  readonly log: Logger
}

/** Of which tenant an application is, by its id; `null`: of none. */
export function tenantOfAppId(id: string): string | null {
  return ID.exec(id)?.[1] ?? null
}

/** Of which tenant an application is, by its public key; `null`: of none. */
export function tenantOfAppKey(key: string): string | null {
  return KEY.exec(key)?.[1] ?? null
}

/** A tenant's own application of the Pusher protocol: his clients connect, and his back ends sign, with it. */
export class TenantApp implements OwnApp {
  readonly id: string
  readonly #parts: Parts
  readonly #name: string
  readonly #pairs: Cached<readonly Pair[]>
  #encryptionKey: Promise<string> | null = null

  constructor(parts: Parts) {
    const { tenant, store, keys } = parts
    this.id = `t-${tenant}`
    this.#parts = parts
    this.#name = keys.setting('app')
    this.#pairs = new Cached({
      ...{ ...parts, channel: this.#name },
      read: async () => pairsIn(await store.get(PARTITION, this.#name)),
    })
  }

  /** Those that hold, the newest first; none: it has not been made. */
  async credentials(): Promise<readonly AppCredentials[]> {
    const pairs = (await this.#pairs.get()).filter((pair) => this.#holds(pair))
    if (pairs.length === 0) return []
    const encryptionKey = await this.encryptionKey()
    return pairs.map(({ key, secret }) => {
      return new AppCredentials({ id: this.id, key, secret, encryptionKey })
    })
  }

  /** Throws `NotFound` where it has not been made. */
  async newest(): Promise<AppCredentials> {
    const [newest] = await this.credentials()
    if (newest === undefined) throw noApp()
    return newest
  }

  /** Of encrypted channels, base64; a change of the secret leaves it as it is. */
  encryptionKey(): Promise<string> {
    this.#encryptionKey ??= keptSecret(this.#parts, 'channel_secret').then((hex) =>
      Buffer.from(hex, 'hex').toString('base64'),
    )
    this.#encryptionKey.catch(() => {
      this.#encryptionKey = null
    })
    return this.#encryptionKey
  }

  async show(): Promise<ShownApp> {
    const pairs = pairsIn(await this.#parts.store.get(PARTITION, this.#name))
    if (pairs.length === 0) throw noApp()
    return this.#shown(pairs)
  }

  async rotate(keepForMs = DAY_MS): Promise<ShownApp> {
    const { tenant, store, clock } = this.#parts
    for (let attempt = 0; attempt < MOST_RACES; attempt++) {
      const now = clock.now()
      const text = await store.get(PARTITION, this.#name)
      const [newest] = pairsIn(text)
      const key = `t-${tenant}-${randomBytes(10).toString('hex')}`
      const secret = randomBytes(32).toString('hex')
      const fresh: Pair = { key, secret, created_at: isoTime(now) }
      const pairs = [fresh, ...(newest ? [{ ...newest, until: now + keepForMs }] : [])]
      const { applied } = await store.commit({
        partition: PARTITION,
        guards: [['expect', this.#name, text]],
        ops: [['set', this.#name, JSON.stringify(pairs), 0]],
      })
      if (!applied) continue
      await this.#pairs.changed()
      return this.#shown(pairs)
    }
    throw new Unavailable('The application is being changed by others; try again.')
  }

  #shown([newest, previous]: readonly Pair[]): ShownApp {
    const { key, secret, created_at } = newest!
    const shown = { app_id: this.id, key, secret, created_at }
    if (previous?.until === undefined || !this.#holds(previous)) return shown
    return { ...shown, previous: { key: previous.key, until: isoTime(previous.until) } }
  }

  #holds({ until = Number.POSITIVE_INFINITY }: Pair): boolean {
    return this.#parts.clock.now() < until
  }
}

function pairsIn(text: string | null): readonly Pair[] {
  return text === null ? [] : (JSON.parse(text) as Pair[])
}

function noApp(): NotFound {
  return new NotFound('There is no application yet: POST /api/app makes one.')
}
