import { Cluster, type ClusterOptions, Redis, type RedisOptions } from 'ioredis'
import { messageOf, Unavailable } from '../../support/errors.ts'
import type { Logger } from '../../support/logger.ts'
import { describeRedis, type RedisConfig } from './redis-config.ts'

/** Replies keep the shapes of RESP2, the client's default. */
type NodeOptions = Omit<RedisOptions, 'replyMapping' | 'sentinels'> & {
  sentinels?: { host: string; port: number }[]
}

export interface ConnectOptions {
  readonly log: Logger
  /** What the connection is for, seen in `CLIENT LIST`. */
  readonly name: string
  /** How long to wait for the first connection. Default: 10 000. */
  readonly deadlineMs?: number
  /** How long to wait for a reply. Default: 5 000. */
  readonly commandTimeoutMs?: number
}

const COMMAND_TIMEOUT_MS = 5_000

/**
 * Commands are sent once: they fail when the connection is lost or no reply
 * comes, and it is for the caller to repeat what is safe to repeat.
 */
function writer({ commandTimeoutMs = COMMAND_TIMEOUT_MS }: ConnectOptions) {
  return {
    maxRetriesPerRequest: 0,
    autoResendUnfulfilledCommands: false,
    commandTimeout: commandTimeoutMs,
    // A little later than the command: a line that swallows replies is cut and made anew.
    socketTimeout: commandTimeoutMs * 1.2,
    connectTimeout: 5_000,
    // A master that became a replica: connect again, to whoever is master now.
    reconnectOnError: (error: Error) => (error.message.startsWith('READONLY') ? 1 : false),
  } satisfies NodeOptions
}

const retryAfterMs = (attempt: number) =>
  Math.min(50 * 2 ** Math.min(attempt - 1, 6), 2_000) + Math.random() * 100

/** A connection for commands to a server, or to the master that the sentinels name. */
export function connectNode(config: RedisConfig, options: ConnectOptions): Promise<Redis> {
  return whenReady(new Redis(nodeOptions(config, options, writer(options))), config, options)
}

/**
 * A connection for subscriptions. It is made again when it is lost; what was
 * subscribed is for its owner to subscribe again.
 */
export function subscriberOf(config: RedisConfig, options: ConnectOptions): Redis {
  return new Redis(nodeOptions(config, options, { ...writer(options), autoResubscribe: false }))
}

/** A connection for commands to all masters of a cluster. */
export async function connectCluster(
  config: RedisConfig,
  options: ConnectOptions,
): Promise<Cluster> {
  const cluster = new Cluster([...config.nodes], clusterOptions(config, options, writer(options)))
  // Connected when it is found, not with its first command: the second would be refused.
  const connectEarly = (node: Redis) => {
    if (node.status === 'wait') node.connect().catch(() => undefined)
  }
  cluster.on('+node', connectEarly)
  await whenReady(cluster, config, options)
  for (const node of cluster.nodes('master')) connectEarly(node)
  await Promise.all(cluster.nodes('master').map((node) => nodeReady(node)))
  return cluster
}

function credentials({ username, password, tls }: RedisConfig): NodeOptions {
  return {
    ...(username === null ? {} : { username }),
    ...(password === null ? {} : { password }),
    ...(tls === null ? {} : { tls: tls.ca === null ? {} : { ca: tls.ca } }),
  }
}

function nodeOptions(
  config: RedisConfig,
  { name }: ConnectOptions,
  profile: NodeOptions,
): NodeOptions {
  const shared: NodeOptions = {
    ...credentials(config),
    ...profile,
    db: config.db,
    connectionName: name,
    enableOfflineQueue: false,
    retryStrategy: retryAfterMs,
  }
  if (config.mode === 'sentinel') {
    return {
      ...shared,
      sentinels: config.nodes.map((node) => ({ ...node })),
      name: config.sentinelName ?? 'mymaster',
      sentinelRetryStrategy: retryAfterMs,
      ...(config.sentinelPassword === null ? {} : { sentinelPassword: config.sentinelPassword }),
      ...(config.tls === null
        ? {}
        : { enableTLSForSentinelMode: true, sentinelTLS: { ...shared.tls } }),
    }
  }
  const [node] = config.nodes
  if (node === undefined) throw new TypeError('a Redis configuration names at least one node')
  return { ...shared, host: node.host, port: node.port }
}

/** Options of a cluster client; `profile` is that of the connections to its nodes. */
function clusterOptions(config: RedisConfig, { name }: ConnectOptions, profile: NodeOptions) {
  return {
    redisOptions: { ...credentials(config), ...profile, connectionName: name },
    enableOfflineQueue: false,
    clusterRetryStrategy: retryAfterMs,
    clusterNodeRetryStrategy: retryAfterMs,
    // Zero: a command that was sent is not sent again. MOVED and ASK were not carried out.
    retryDelayOnFailover: 0,
    retryDelayOnClusterDown: 0,
    maxRedirections: 6,
    slotsRefreshTimeout: 3_000,
    slotsRefreshInterval: 5_000,
    // Names stay names, so that certificates fit them.
    ...(config.tls === null
      ? {}
      : {
          dnsLookup: (address: string, done: (e: null, a: string) => void) => done(null, address),
        }),
  } satisfies ClusterOptions
}

/** Resolves when the client can take commands; ends it and rejects when that takes too long. */
export async function whenReady<Client extends Redis | Cluster>(
  client: Client,
  config: RedisConfig,
  { log, name, deadlineMs = 10_000 }: ConnectOptions,
): Promise<Client> {
  let last: unknown
  const where = describeRedis(config)
  client.on('error', (error: Error) => {
    last = error
    log.warn({ err: error, redis: where, connection: name }, 'the connection to Redis failed')
  })
  client.on('node error', (error: Error) => {
    last = error
  })
  if (client.status === 'ready') return client
  await new Promise<void>((resolve, reject) => {
    const timer = setTimeout(() => {
      client.disconnect()
      const why = last === undefined ? 'no answer' : messageOf(last)
      reject(new Unavailable(`Redis at ${where} cannot be reached: ${why}`, { cause: last }))
    }, deadlineMs)
    client.once('ready', () => {
      clearTimeout(timer)
      resolve()
    })
  })
  return client
}

/** Resolves when the node is ready or has failed for now; commands then say so. */
function nodeReady(node: Redis): Promise<void> {
  if (node.status === 'ready') return Promise.resolve()
  return new Promise((resolve) => {
    const finish = () => {
      clearTimeout(timer)
      resolve()
    }
    const timer = setTimeout(finish, COMMAND_TIMEOUT_MS)
    node.once('ready', finish)
    node.once('end', finish)
  })
}
