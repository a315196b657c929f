import type { RedisText } from './addresses.ts'
import { A_PEM, PEM } from './broker-config.ts'
import type { Draft } from './draft.ts'

export interface RedisConfig {
  readonly mode: 'single' | 'sentinel' | 'cluster'
  /** The server, the sentinels, or some members of the cluster. */
  readonly nodes: readonly { readonly host: string; readonly port: number }[]
  readonly db: number
  readonly username: string | null
  readonly password: string | null
  /** `null`: not encrypted. `ca` is PEM text; `null` stands for the system's authorities. */
  readonly tls: { readonly ca: string | null } | null
  /** What sentinels call the master; `null` unless the mode is `sentinel`. */
  readonly sentinelName: string | null
  readonly sentinelPassword: string | null
  /** Put before every key; never holds braces. */
  readonly prefix: string
  readonly partitions: number
}

const SENTINEL_PORT = 26_379
const NAMES = ['REDIS_HOST', 'REDIS_PORT', 'REDIS_DB'] as const

/** The Redis part of the configuration; `null`: the embedded store serves. */
export function redisConfig(draft: Draft): RedisConfig | null {
  const { values } = draft
  const ca = draft.fileOf('REDIS_CA_FILE', PEM, A_PEM)
  const texts = values.REDIS_URL ?? (isByHost(draft) ? [byHost(draft)] : undefined)
  if (texts === undefined) {
    warnOfUnused(draft)
    return null
  }
  const mode = values.REDIS_MODE ?? (texts.length > 1 ? 'cluster' : 'single')
  const encrypted = texts.some((text) => text.encrypted) || draft.isGiven('REDIS_CA_FILE')
  const defaultPort = mode === 'sentinel' ? SENTINEL_PORT : 6379
  return {
    mode,
    nodes: texts.map(({ host, port }) => ({ host, port: port ?? defaultPort })),
    db: database(draft, texts, mode),
    ...credentials(draft, texts),
    tls: encrypted ? { ca } : null,
    sentinelName: mode === 'sentinel' ? values.REDIS_SENTINEL_NAME : null,
    sentinelPassword: values.REDIS_SENTINEL_PASSWORD ?? null,
    prefix: values.REDIS_PREFIX,
    partitions: values.REDIS_PARTITIONS ?? (mode === 'cluster' ? 16 : 1),
  }
}

function isByHost(draft: Draft): boolean {
  return !draft.isGiven('REDIS_URL') && NAMES.some((name) => draft.isGiven(name))
}

function byHost({ values }: Draft): RedisText {
  const host = values.REDIS_HOST ?? '127.0.0.1'
  const nothing = { username: null, password: null, encrypted: false, db: null }
  return { ...nothing, host, port: values.REDIS_PORT }
}

function database(draft: Draft, texts: readonly RedisText[], mode: RedisConfig['mode']): number {
  const named = [...new Set(texts.map(({ db }) => db).filter((db) => db !== null))]
  const db = named[0] ?? draft.values.REDIS_DB
  const source = named.length > 0 ? 'REDIS_URL' : 'REDIS_DB'
  if (named.length > 1) draft.complain(source, 'one database for all nodes', named.join(' and '))
  if (mode === 'cluster' && db !== 0) {
    draft.complain(source, 'database 0, the only one of a cluster', String(db))
  }
  if (mode === 'single' && texts.length > 1) {
    draft.complain('REDIS_MODE', 'sentinel or cluster for several nodes', '"single"')
  }
  return db
}

function credentials(draft: Draft, texts: readonly RedisText[]) {
  const inUrl = texts.filter((text) => text.username !== null || text.password !== null)
  const different = new Set(inUrl.map((text) => JSON.stringify([text.username, text.password])))
  if (different.size > 1) {
    draft.complain('REDIS_URL', 'the same credentials for all nodes', 'a list with different ones')
  }
  const first = inUrl[0]
  return {
    username: first ? first.username : (draft.values.REDIS_USERNAME ?? null),
    password: first?.password ?? draft.values.REDIS_PASSWORD ?? null,
  }
}

function warnOfUnused(draft: Draft): void {
  if (draft.isGiven('REDIS_URL')) return
  const names = ['REDIS_MODE', 'REDIS_USERNAME', 'REDIS_PASSWORD', 'REDIS_CA_FILE'] as const
  for (const name of [...names, 'REDIS_PREFIX', 'REDIS_PARTITIONS'] as const) {
    if (draft.isGiven(name)) draft.warn(`${name} has no effect without REDIS_URL or REDIS_HOST.`)
  }
}
