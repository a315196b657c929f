import { statSync } from 'node:fs'
import type { Draft } from './draft.ts'
import type { BroadcastDriver } from './variables/application.ts'

export interface HttpConfig {
  readonly host: string
  /** 0: any free one. */
  readonly port: number
  /** What Fastify's `trustProxy` takes. */
  readonly trustProxy: boolean | number | readonly string[]
  /** Without a trailing slash; `null`: made from host and port once we listen, see `publicUrlOf`. */
  readonly publicUrl: string | null
  /** `loopback` and `same` are decided by the authentication where nobody set a list. */
  readonly origins: 'loopback' | 'same' | readonly string[]
  /** `null`: `/metrics` is served on `port`. */
  readonly metricsPort: number | null
}

/** The Pusher-protocol application that the gateway serves. */
export interface AppConfig {
  readonly id: string
  readonly key: string
  /** `null`: generated once and kept. */
  readonly secret: string | null
  /** Base64 of 32 bytes; `null`: made from the secret. */
  readonly encryptionKey: string | null
  /** Who is told of what happens on channels. */
  readonly webhooks: readonly string[]
}

/** The remote service of the `pusher` driver. */
export interface PusherConfig {
  readonly appId: string
  readonly key: string
  readonly secret: string
  readonly cluster: string
  readonly host: string
  readonly port: number
  readonly scheme: 'https' | 'http'
}

/** Where broadcasts go; `pusher` is set whenever its credentials are. */
export interface BroadcastConfig {
  readonly driver: BroadcastDriver
  /** Whether the administrators' public channels are guarded too. */
  readonly guardAdmin: boolean
  /** Before channel names, by drivers whose names others share; empty: the driver's own. */
  readonly prefix: string
  readonly pusher: PusherConfig | null
}

/** The base of links where nobody chose one, for the port that we really listen on. */
export function publicUrlOf(host: string, port: number): string {
  const name = ['0.0.0.0', '::'].includes(host) ? 'localhost' : host
  return `http://${name.includes(':') ? `[${name}]` : name}:${port}`
}

/** The HTTP part of the configuration. */
export function httpConfig({ values }: Draft, mode: 'off' | 'token'): HttpConfig {
  return {
    host: values.HTTP_HOST,
    port: values.HTTP_PORT,
    trustProxy: values.TRUST_PROXY,
    publicUrl: values.BELFRY_PUBLIC_URL ?? null,
    origins: values.BELFRY_ORIGINS ?? (mode === 'off' ? 'loopback' : 'same'),
    metricsPort: values.METRICS_PORT ?? null,
  }
}

/** The broadcasting part of the configuration. */
export function broadcastConfig(draft: Draft, hasRedis: boolean): BroadcastConfig {
  const { values } = draft
  const names = ['PUSHER_APP_ID', 'PUSHER_APP_KEY', 'PUSHER_APP_SECRET'] as const
  const driver = values.BROADCAST_CONNECTION
  const common = {
    driver,
    guardAdmin: values.BROADCAST_GUARD_ADMIN,
    prefix: values.BROADCAST_PREFIX,
  }
  if (driver === 'redis' && !hasRedis) {
    draft.complain('BROADCAST_CONNECTION', 'another driver, or a Redis by REDIS_URL', 'redis')
  }
  const given = names.find((name) => draft.isGiven(name))
  const cause = driver === 'pusher' ? 'BROADCAST_CONNECTION is pusher' : `${given} is set`
  if (given === undefined && driver !== 'pusher') return { ...common, pusher: null }
  for (const name of names) {
    if (!draft.isGiven(name)) draft.complain(name, `a value, since ${cause}`, null)
  }
  const pusher = {
    appId: values.PUSHER_APP_ID ?? '',
    key: values.PUSHER_APP_KEY ?? '',
    secret: values.PUSHER_APP_SECRET ?? '',
    cluster: values.PUSHER_APP_CLUSTER,
    host: values.PUSHER_HOST ?? `api-${values.PUSHER_APP_CLUSTER}.pusher.com`,
    port: values.PUSHER_PORT,
    scheme: values.PUSHER_SCHEME,
  }
  return { ...common, pusher }
}

type PathName = 'BELFRY_APP' | 'RULES_FILE' | 'TEMPLATES_DIR'

/**
 * The absolute path of a file or folder that must exist when it is named, and
 * is looked for under `usual` when it is not.
 */
export function existingPath(
  draft: Draft,
  name: PathName,
  { kind, usual }: { readonly kind: 'file' | 'folder'; readonly usual: string | null },
): string | null {
  const named = draft.values[name]
  if (named === undefined)
    return usual !== null && isKind(draft.path(usual), kind) ? draft.path(usual) : null
  if (!isKind(draft.path(named), kind)) {
    draft.complain(name, `a ${kind} that exists`, JSON.stringify(named))
  }
  return draft.path(named)
}

function isKind(path: string, kind: 'file' | 'folder'): boolean {
  try {
    const stats = statSync(path)
    return kind === 'file' ? stats.isFile() : stats.isDirectory()
  } catch {
    return false // Not there, or not ours to see: either way it cannot be used.
  }
}
