import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseEnv } from 'node:util'
import { type AuthConfig, accessConfig, type Reach } from './config/access-config.ts'
import {
  type AppConfig,
  type BroadcastConfig,
  broadcastConfig,
  existingPath,
  type HttpConfig,
  httpConfig,
} from './config/application-config.ts'
import { brokerConfig, externalHosts, type MqttConfig } from './config/broker-config.ts'
import { ConfigError } from './config/config-error.ts'
import { Draft, type Setting } from './config/draft.ts'
import { type ProvidersConfig, providersConfig } from './config/providers-config.ts'
import { type RedisConfig, redisConfig } from './config/redis-config.ts'
import type { Environment } from './config/source.ts'
import { typosIn } from './config/typos.ts'
import type { Role } from './config/variables/application.ts'

export type { AuthConfig, JwtConfig } from './config/access-config.ts'
export type {
  AppConfig,
  BroadcastConfig,
  HttpConfig,
  PusherConfig,
} from './config/application-config.ts'
export { publicUrlOf } from './config/application-config.ts'
export type { EmbeddedBroker, ExternalBroker, MqttConfig } from './config/broker-config.ts'
export type { ConfigProblem } from './config/config-error.ts'
export { ConfigError } from './config/config-error.ts'
export type { Setting } from './config/draft.ts'
export { renderEnvExample } from './config/env-example.ts'
export type { SmtpServer } from './config/mail-config.ts'
export type {
  ApnsConfig,
  FcmConfig,
  ProvidersConfig,
  TwilioConfig,
  VapidConfig,
} from './config/providers-config.ts'
export type { RedisConfig } from './config/redis-config.ts'
export type { Environment } from './config/source.ts'
export type { BroadcastDriver, Role } from './config/variables/application.ts'

/** Everything that can be configured. Paths are absolute, durations milliseconds. */
export interface Config {
  readonly mqtt: MqttConfig
  /** `null`: the embedded store, in `dataDir`. */
  readonly redis: RedisConfig | null
  readonly dataDir: string
  readonly http: HttpConfig
  readonly roles: ReadonlySet<Role>
  /** A folder of the user's own routers, controllers and so on. */
  readonly appFolder: string | null
  readonly auth: AuthConfig
  /** The Pusher-protocol application of the gateway; `secret` `null`: generated once and kept. */
  readonly app: AppConfig
  readonly broadcast: BroadcastConfig
  /** `null`: off. */
  readonly rateLimit: { readonly requests: number; readonly perSeconds: number } | null
  /** Lifetimes of notifications, 0 for ever; how many a user keeps. */
  readonly retention: {
    readonly notificationTtlMs: number
    readonly unreadTtlMs: number
    readonly inboxLimit: number
  }
  readonly events: {
    /** `sync`: whoever tells of an event is answered when its listeners are done. */
    readonly processing: 'queued' | 'sync'
    readonly listeners: 'sequential' | 'parallel'
    readonly refusesUnknown: boolean
  }
  readonly queue: {
    readonly leaseMs: number
    readonly heartbeatMs: number
    readonly reaperMs: number
    /** Types of notifications whose deliveries have a queue of their own. */
    readonly routes: readonly { readonly type: string; readonly queue: string }[]
  }
  readonly providers: ProvidersConfig
  /** Addresses, networks (CIDR) and host names, `*.lan` for a family of them. */
  readonly outboundAllow: readonly string[]
  /** Topic filters on which the actions of notifications may publish. */
  readonly actionTopics: readonly string[]
  readonly rulesFile: string | null
  readonly templatesDir: string | null
  readonly locale: string
  readonly timezone: string
  readonly deadmanUrl: string | null
  readonly shutdownMs: number
  readonly auditDays: number
  readonly logLevel: 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace' | 'silent'
  /** What is odd but not wrong: probable typos, variables without effect. */
  readonly warnings: readonly string[]
  /** Every variable as it ended up, secrets hidden. */
  readonly settings: readonly Setting[]
}

/** What the process was given: `.env` in `directory`, and over it the real environment. */
export function readEnvironment(directory: string = process.cwd()): Environment {
  const file = join(directory, '.env')
  const fromFile = existsSync(file) ? parseEnv(readFileSync(file, 'utf8')) : {}
  return { ...fromFile, ...process.env }
}

/**
 * Turns an environment into a frozen configuration. Relative paths start from
 * `directory`. Throws one `ConfigError` that names every wrong variable.
 */
export function loadConfig(env: Environment, directory: string = process.cwd()): Config {
  const draft = new Draft(env, directory)
  const config = assemble(draft)
  if (draft.problems.length > 0) throw new ConfigError(draft.problems)
  const warnings = [...draft.warnings, ...typosIn(env)]
  return deepFreeze({ ...config, warnings, settings: draft.settings })
}

/** Every variable with its value, secrets hidden, and where the value came from. */
export function describeConfig(config: Config): readonly Setting[] {
  return config.settings
}

function assemble(draft: Draft): Omit<Config, 'warnings' | 'settings'> {
  const { values } = draft
  const auth = accessConfig(draft, reachOf(draft))
  const redis = redisConfig(draft)
  return {
    mqtt: brokerConfig(draft),
    redis,
    dataDir: draft.path(values.DATA_DIR),
    http: httpConfig(draft, auth.mode),
    roles: new Set(values.BELFRY_ROLES),
    appFolder: existingPath(draft, 'BELFRY_APP', { kind: 'folder', usual: null }),
    auth,
    app: {
      id: values.BELFRY_APP_ID,
      key: values.BELFRY_APP_KEY,
      secret: values.BELFRY_APP_SECRET ?? null,
      encryptionKey: values.BELFRY_APP_ENCRYPTION_KEY ?? null,
      webhooks: values.BELFRY_APP_WEBHOOKS ?? [],
    },
    broadcast: broadcastConfig(draft, redis !== null),
    rateLimit: values.RATE_LIMIT,
    providers: providersConfig(draft),
    outboundAllow: values.OUTBOUND_ALLOW ?? [],
    actionTopics: values.ACTION_TOPICS ?? [],
    rulesFile: existingPath(draft, 'RULES_FILE', { kind: 'file', usual: 'rules.yml' }),
    templatesDir: existingPath(draft, 'TEMPLATES_DIR', { kind: 'folder', usual: 'templates' }),
    ...limits(draft),
  }
}

function limits(draft: Draft) {
  const { values } = draft
  if (values.QUEUE_HEARTBEAT_INTERVAL >= values.QUEUE_VISIBILITY_TIMEOUT) {
    const given = String(values.QUEUE_HEARTBEAT_INTERVAL / 1000)
    draft.complain('QUEUE_HEARTBEAT_INTERVAL', 'less than QUEUE_VISIBILITY_TIMEOUT', given)
  }
  return {
    retention: {
      notificationTtlMs: values.NOTIFICATION_TTL,
      unreadTtlMs: values.UNREAD_TTL,
      inboxLimit: values.INBOX_LIMIT,
    },
    events: {
      processing: values.EVENT_PROCESSING,
      listeners: values.EVENT_LISTENERS,
      refusesUnknown: values.EVENT_UNKNOWN_TYPES === 'refuse',
    },
    queue: {
      leaseMs: values.QUEUE_VISIBILITY_TIMEOUT,
      heartbeatMs: values.QUEUE_HEARTBEAT_INTERVAL,
      reaperMs: values.QUEUE_REAPER_INTERVAL,
      routes: values.QUEUE_ROUTES ?? [],
    },
    locale: values.DEFAULT_LOCALE,
    timezone: values.DEFAULT_TIMEZONE,
    deadmanUrl: values.DEADMAN_URL ?? null,
    shutdownMs: values.SHUTDOWN_SECONDS,
    auditDays: values.AUDIT_DAYS,
    logLevel: values.LOG_LEVEL,
  }
}

/** By which addresses others could reach us: those decide whether they must prove who they are. */
function reachOf(draft: Draft): Reach {
  const http = ['HTTP_HOST', draft.values.HTTP_HOST] as const
  const external = externalHosts(draft)
  if (external === null) return [http, ['MQTT_HOST', draft.values.MQTT_HOST]]
  return [http, ...external.hosts.map((host) => [external.name, host] as const)]
}

function deepFreeze<Value extends object>(value: Value): Value {
  for (const part of Object.values(value)) {
    if (typeof part === 'object' && part !== null) deepFreeze(part)
  }
  return Object.freeze(value)
}
