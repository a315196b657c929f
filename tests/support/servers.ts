/**
 * Real servers for tests: on free loopback ports, each with a temporary
 * directory. They end with the process of the test at the latest; a test that
 * starts one calls `stop()` when it is through.
 *
 * @module
 */

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { freePort } from './free-port.ts'
import {
  answers,
  findServer,
  type ServerPlan,
  ServerProcess,
  type TestServer,
} from './server-process.ts'
import { waitFor } from './wait-for.ts'

export { freePort } from './free-port.ts'
export type { TestServer } from './server-process.ts'
export { startSmtp, type TestSmtp } from './smtp.ts'

export type ServerName =
  | 'redis-server'
  | 'mosquitto'
  | 'mosquitto_pub'
  | 'redis-sentinel'
  | 'nginx'
  | 'prometheus-alertmanager'
  | 'curl'
  | 'php'

/** Whether this machine has the program of a server. */
export function serverAvailable(name: ServerName): boolean {
  return findServer(name) !== null
}

/**
 * Whether tests that need this server can run: `describe.skipIf(!requireServer(…))`.
 * Where it is missing the reason is printed; with `BELFRY_TEST_SERVERS=required`
 * that is a failure instead.
 */
export function requireServer(name: ServerName): boolean {
  if (serverAvailable(name)) return true
  const reason = `${name} is not installed on this machine`
  if (process.env.BELFRY_TEST_SERVERS === 'required') throw new Error(reason)
  process.stderr.write(`skipped: ${reason}\n`)
  return false
}

/** Starts the plan on a free port, on another one when somebody was faster. */
export async function launch(plan: ServerPlan): Promise<ServerProcess> {
  for (let attempt = 1; ; attempt++) {
    const server = new ServerProcess(plan, await freePort())
    try {
      await server.start()
      return server
    } catch (error) {
      await server.remove()
      if (attempt === 3) throw error
    }
  }
}

export interface RedisServerOptions {
  /** Append-only file, fsync every second. Default: true. */
  readonly aof?: boolean
  /** More arguments of redis-server, such as `['--maxmemory', '4mb']`. */
  readonly args?: readonly string[]
}

/** A single Redis on 127.0.0.1, with AOF and `noeviction` unless told otherwise. */
export function startRedis(options: RedisServerOptions = {}): Promise<TestServer> {
  return launch(redisPlan(options))
}

function redisPlan({ aof = true, args = [] }: RedisServerOptions): ServerPlan {
  return {
    name: 'redis-server',
    url: (port) => `redis://127.0.0.1:${port}`,
    prepare: (port, dir) => [
      ...['--port', String(port), '--bind', '127.0.0.1', '--dir', dir, '--save', ''],
      ...['--appendonly', aof ? 'yes' : 'no', '--appendfsync', 'everysec'],
      ...['--maxmemory-policy', 'noeviction'],
      ...args,
    ],
    isReady: (port) => answers(port, 'PING\r\n', '+PONG'),
  }
}

/** Redis nodes that know each other as one cluster. */
export interface TestCluster {
  readonly nodes: readonly TestServer[]
  readonly ports: readonly number[]
  /** A comma list of all nodes. */
  readonly url: string
  stop(): Promise<void>
}

/** A Redis Cluster of `size` masters without replicas; resolves when its state is ok. */
export async function startRedisCluster(
  size = 3,
  { aof, args = [] }: RedisServerOptions = {},
): Promise<TestCluster> {
  // The bus is usually at port + 10 000, which a port given by the system may not have.
  const busPorts = await Promise.all(Array.from({ length: size }, () => freePort()))
  const nodes = await Promise.all(
    busPorts.map((bus) => {
      const cluster = ['--cluster-enabled', 'yes', '--cluster-port', String(bus)]
      const base = { args: [...cluster, '--cluster-node-timeout', '2000', ...args] }
      return launch(redisPlan(aof === undefined ? base : { ...base, aof }))
    }),
  )
  await joinCluster(nodes, busPorts)
  return {
    nodes,
    ports: nodes.map(({ port }) => port),
    url: nodes.map(({ url }) => url).join(','),
    stop: async () => {
      await Promise.all(nodes.map((node) => node.stop()))
    },
  }
}

async function joinCluster(nodes: readonly TestServer[], busPorts: readonly number[]) {
  const clients = nodes.map(({ port }) => new Redis(port, '127.0.0.1'))
  const first = nodes[0]!
  await Promise.all(
    clients.map(async (client, index) => {
      const from = Math.ceil((16384 * index) / nodes.length)
      const to = Math.ceil((16384 * (index + 1)) / nodes.length) - 1
      await client.call('CLUSTER', 'ADDSLOTSRANGE', from, to)
      if (index > 0) await client.call('CLUSTER', 'MEET', '127.0.0.1', first.port, busPorts[0]!)
    }),
  )
  await Promise.all(
    clients.map((client) =>
      waitFor(async () => isWhole(String(await client.call('CLUSTER', 'INFO')), nodes.length), {
        message: 'the cluster did not come together',
      }),
    ),
  )
  for (const client of clients) client.disconnect()
}

function isWhole(info: string, size: number): boolean {
  return info.includes('cluster_state:ok') && info.includes(`cluster_known_nodes:${size}\r`)
}

export interface MosquittoOptions {
  /** Lines of mosquitto.conf; a setting named here takes the place of the default. */
  readonly config?: string
}

/** CONNECT of MQTT 3.1.1 with the client id `probe`. */
const MQTT_CONNECT = Buffer.from('101100044d5154540402003c000570726f6265', 'hex')

/** Mosquitto on 127.0.0.1 with persistence, no silent drops, and anonymous access. */
export function startMosquitto({ config = '' }: MosquittoOptions = {}): Promise<TestServer> {
  return launch({
    name: 'mosquitto',
    url: (port) => `mqtt://127.0.0.1:${port}`,
    prepare: (port, dir) => {
      const file = join(dir, 'mosquitto.conf')
      writeFileSync(file, mosquittoConfig(port, dir, config))
      return ['-c', file]
    },
    isReady: (port) => answers(port, MQTT_CONNECT, '\x20\x02'),
  })
}

function mosquittoConfig(port: number, dir: string, own: string): string {
  const defaults = [
    'per_listener_settings false',
    'max_inflight_messages 1000',
    'max_queued_messages 100000',
    'persistence true',
    `persistence_location ${dir}/`,
    'allow_anonymous true',
    'set_tcp_nodelay true',
    `listener ${port} 127.0.0.1`,
    // Started as root it would change its user and then not reach its directory.
    ...(process.getuid?.() === 0 ? ['user root'] : []),
  ]
  const replaced = new Set(own.split('\n').map((line) => line.trim().split(/\s+/)[0]))
  const kept = defaults.filter((line) => {
    const name = line.split(' ')[0]!
    return name === 'listener' || !replaced.has(name)
  })
  return `${[...kept, own].join('\n')}\n`
}
