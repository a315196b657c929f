import { join } from 'node:path'
import {
  freePort,
  launch,
  startMosquitto,
  startRedis,
  startRedisCluster,
  type TestServer,
} from './servers.ts'

const ROOT = join(import.meta.dirname, '..', '..')
const NODE = join(ROOT, 'node_modules', '.bin', 'node')

/** On what a service runs: nothing but itself, Mosquitto and Redis, Mosquitto and a Redis Cluster. */
export type Parts = 'embedded' | 'external' | 'cluster'

/** The servers that a service is given; several services may share them. */
export interface Surroundings {
  readonly parts: Parts
  /** What they add to a service's environment. */
  readonly env: Readonly<Record<string, string>>
  readonly mosquitto: TestServer | null
  /** A single Redis, or the first node of the cluster. */
  readonly redis: TestServer | null
  stop(): Promise<void>
}

export interface ServiceOptions {
  /** Default: `embedded`. */
  readonly parts?: Parts
  /** Servers that run already, and go on when the service stops; then `parts` is theirs. */
  readonly surroundings?: Surroundings
  /** More variables; they win. */
  readonly env?: Readonly<Record<string, string>>
}

export interface ApiAnswer<Body> {
  readonly status: number
  readonly body: Body
  readonly headers: Headers
}

// biome-ignore lint/suspicious/noExplicitAny: tests read answers of every shape.
type AnyBody = any

/** The real service in a process of its own, ready when it is handed out. */
export interface TestService {
  readonly url: string
  /** Where devices publish: its own broker, or Mosquitto. */
  readonly mqttUrl: string
  readonly mqttPort: number
  readonly dataDir: string
  readonly surroundings: Surroundings
  /** The process that runs now; changes with `restart`. */
  readonly pid: number
  /** Of the process that ended last; `null` when a signal ended it. */
  readonly exitCode: number | null
  /** Everything that it wrote so far. */
  log(): string
  /** One HTTP request; a body that is not text is sent as JSON. */
  api<Body = AnyBody>(
    method: string,
    path: string,
    body?: unknown,
    headers?: Readonly<Record<string, string>>,
  ): Promise<ApiAnswer<Body>>
  /** SIGTERM, or another signal; the servers that were started for it end too. */
  stop(signal?: NodeJS.Signals): Promise<void>
  /** SIGKILL; servers and data stay. */
  kill(): Promise<void>
  /** Starts it again on the same ports and data; stops it first if it still runs. */
  restart(signal?: NodeJS.Signals): Promise<void>
}

/**
 * What Mosquitto needs for many messages at once: it throws away what one
 * publisher has in flight above its limit.
 */
const MOSQUITTO = 'max_inflight_messages 0'

/** Starts what a service of this kind stands on; `mosquitto`: more lines of its configuration. */
export async function startSurroundings(
  parts: Parts,
  { mosquitto: config = '' }: { readonly mosquitto?: string } = {},
): Promise<Surroundings> {
  if (parts === 'embedded') {
    return { parts, env: {}, mosquitto: null, redis: null, stop: async () => {} }
  }
  const [mosquitto, store] = await Promise.all([
    startMosquitto({ config: `${MOSQUITTO}\n${config}` }),
    parts === 'external' ? startRedis() : startRedisCluster(),
  ])
  return {
    parts,
    env: { MQTT_URL: mosquitto.url, REDIS_URL: store.url },
    mosquitto,
    redis: 'nodes' in store ? (store.nodes[0] ?? null) : store,
    stop: async () => {
      await Promise.all([mosquitto.stop(), store.stop()])
    },
  }
}

/**
 * Runs `belfry start` on free ports with a directory of its own and waits until
 * `/readyz` says yes. It ends with the process of the test at the latest.
 */
export async function startService(options: ServiceOptions = {}): Promise<TestService> {
  const surroundings =
    options.surroundings ?? (await startSurroundings(options.parts ?? 'embedded'))
  const mqttPort = surroundings.mosquitto?.port ?? (await freePort())
  const server = await launch({
    name: 'belfry',
    program: NODE,
    url: (port) => `http://127.0.0.1:${port}`,
    prepare: () => [join(ROOT, 'bin', 'belfry.js'), 'start'],
    environment: (port, dir) => ({
      PATH: process.env.PATH ?? '',
      HTTP_PORT: String(port),
      MQTT_PORT: String(mqttPort),
      DATA_DIR: join(dir, 'data'),
      RATE_LIMIT: 'off',
      LOG_LEVEL: 'warn',
      ...surroundings.env,
      ...options.env,
    }),
    isReady: (port) => isReady(`http://127.0.0.1:${port}/readyz`),
  })
  return {
    url: server.url,
    mqttUrl: `mqtt://127.0.0.1:${mqttPort}`,
    mqttPort,
    dataDir: join(server.dir, 'data'),
    surroundings,
    get pid() {
      return server.pid
    },
    get exitCode() {
      return server.exitCode
    },
    log: () => server.log(),
    api: (method, path, body, headers) => call(server.url, { method, path, body, headers }),
    async stop(signal) {
      await server.stop(signal)
      if (options.surroundings === undefined) await surroundings.stop()
    },
    kill: () => server.stop('SIGKILL'),
    restart: (signal) => server.restart(signal),
  }
}

async function isReady(url: string): Promise<boolean> {
  const answer = await fetch(url).catch(() => null)
  await answer?.body?.cancel()
  return answer?.status === 200
}

interface Call {
  readonly method: string
  readonly path: string
  readonly body: unknown
  readonly headers: Readonly<Record<string, string>> | undefined
}

async function call<Body>(url: string, { method, path, body, headers }: Call) {
  const isText = typeof body === 'string' || body === undefined
  const answer = await fetch(url + path, {
    method,
    headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
    ...(body === undefined ? {} : { body: isText ? body : JSON.stringify(body) }),
  })
  const text = await answer.text()
  const isJson = answer.headers.get('content-type')?.includes('json') ?? false
  const parsed = (isJson ? JSON.parse(text) : text) as Body
  return { status: answer.status, body: parsed, headers: answer.headers }
}
