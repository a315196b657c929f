import { z } from 'zod'
import type { Context } from '../../src/context.ts'
import type { TlsFiles } from '../../src/mqtt/broker-address.ts'
import { Dispatcher } from '../../src/mqtt/dispatcher.ts'
import {
  type BrokerTimes,
  createPublisher,
  type ExternalBroker,
  startExternalBroker,
} from '../../src/mqtt/external-broker.ts'
import type { Refusal } from '../../src/mqtt/refusal.ts'
import { Router } from '../../src/mqtt/router.ts'
import { topicPrefix } from '../../src/mqtt/topic-name.ts'
import { RedisStore } from '../../src/store/redis/redis-store.ts'
import type { Guard, Op, Store } from '../../src/store/store.ts'
import { systemClock } from '../../src/support/clock.ts'
import { createLogger } from '../../src/support/logger.ts'

/** Everything shorter, so that tests need not wait for what takes half a minute in life. */
export const FAST: Partial<BrokerTimes> = {
  leaseMs: 1_500,
  keepEveryMs: 300,
  graceMs: 500,
  sweepEveryMs: 250,
  quietMs: 600,
  longestMs: 3_000,
  backoff: { minMs: 30, maxMs: 200 },
  startMs: 15_000,
}

export interface NodeOptions {
  readonly urls: readonly string[]
  readonly redisPort: number
  /** Also the group and the prefix of the store's keys: other nodes know nothing of each other. */
  readonly clientId: string
  readonly node?: string
  readonly prefix?: string
  readonly tls?: TlsFiles
  readonly times?: Partial<BrokerTimes>
  /** How many connections the QoS 2 route has. Default: 3; 0: none of its own. */
  readonly workers?: number
  /** A route within the filter of another one, counting under `special`. */
  readonly overlaps?: boolean
  /** How long a handler takes besides its write. */
  readonly workMs?: number
  readonly logTo?: { write(line: string): void }
}

/** A process's worth of Belfry's MQTT side, with handlers that count in the store. */
export interface MqttNode {
  readonly broker: ExternalBroker
  readonly store: RedisStore
  readonly refusals: Refusal[]
  /** How many QoS 2 messages came through each client id. */
  readonly byClient: Map<string, number>
  readonly lostSessions: string[]
  readonly log: string[]
  stop(): Promise<void>
}

/** Where a handled message `n` of a test is counted. */
export const countKey = (test: string, n: number) => `test:${test}:${n}`

export async function openStore(redisPort: number, prefix: string): Promise<RedisStore> {
  return RedisStore.connect(
    {
      mode: 'single',
      nodes: [{ host: '127.0.0.1', port: redisPort }],
      db: 0,
      username: null,
      password: null,
      tls: null,
      sentinelName: null,
      sentinelPassword: null,
      prefix,
      partitions: 1,
    },
    { log: createLogger('silent') },
  )
}

const Counted = z.object({ n: z.number().int() })

export async function startNode(options: NodeOptions): Promise<MqttNode> {
  const lines: string[] = []
  const log = createLogger('info', options.logTo ?? { write: (line) => lines.push(line) })
  const store = await openStore(options.redisPort, `${options.clientId}:`)
  const byClient = new Map<string, number>()
  const router = countingRouter(store, byClient, options)
  const prefix = options.prefix ?? ''
  const common = {
    urls: options.urls,
    ...(options.tls ? { tls: options.tls } : {}),
    prefix,
    clientId: options.clientId,
    node: options.node ?? 'test',
    clock: systemClock,
    log,
    times: { ...FAST, ...options.times },
  }
  const publisher = createPublisher(common)
  const refusals: Refusal[] = []
  const lostSessions: string[] = []
  let isStopped = false
  const dispatcher = new Dispatcher({
    router,
    publisher,
    clock: systemClock,
    log,
    prefix: topicPrefix(prefix),
    onRefused: async (refusal) => void refusals.push(refusal),
    abandoned: () => isStopped,
  })
  const broker = await startExternalBroker({
    ...common,
    group: options.clientId,
    router,
    intake: dispatcher.dispatch,
    store,
    publisher,
    onReleased: ({ marker }) => {
      if (marker === null) return
      const { partition, key } = marker
      store.commit({ partition, ops: [['del', key]] }).catch(() => undefined)
    },
    onSessionLost: (clientId) => lostSessions.push(clientId),
  })
  return {
    broker,
    store,
    refusals,
    byClient,
    lostSessions,
    log: lines,
    async stop() {
      if (isStopped) return
      await broker.stop({ hardDeadlineMs: 3_000 })
      isStopped = true
      await store.close()
    },
  }
}

function countingRouter(
  store: Store,
  byClient: Map<string, number>,
  { workMs = 0, workers = 3, overlaps = false }: NodeOptions,
): Router {
  const router = new Router()
  async function count(context: Context<unknown, z.output<typeof Counted>>, test: string) {
    const { payload, packet } = context
    const client = packet?.id.split(':')[0] ?? 'none'
    byClient.set(client, (byClient.get(client) ?? 0) + 1)
    if (workMs > 0) await new Promise((resolve) => setTimeout(resolve, workMs))
    await countOnce(store, countKey(test, payload.n), context)
    return { status: 'counted', n: payload.n }
  }
  router.group('count', [], (group) => {
    for (const qos of [0, 1, 2] as const) {
      const pool = qos === 2 && workers > 0 ? { workerCount: workers } : {}
      const options = { qos, payload: Counted, ...pool }
      group.on(`q${qos}/{test}`, options, (context) => count(context, context.params.test))
    }
    if (!overlaps) return
    group.on('q1/special', { qos: 1, payload: Counted }, (context) => count(context, 'special'))
  })
  return router
}

/**
 * Counts in one atomic write with the packet's mark and a record of the context's
 * id, as the application does: a second try of one arrival counts nothing.
 */
async function countOnce(store: Store, key: string, context: Context<unknown>): Promise<void> {
  const { id, packet } = context
  const record = `test:record:${id}`
  const guards: Guard[] = [['expect', record, null]]
  const ops: Op[] = [
    ['set', record, '1', 60_000],
    ['incr', key, 1, 0],
  ]
  const mark = `packet:${packet?.id}`
  if (packet?.dup) guards.push(['once', mark, '1', 60_000])
  else if (packet) ops.push(['set', mark, '1', 60_000])
  await store.commit({ partition: 0, guards, ops })
  if (packet) packet.marker = { partition: 0, key: mark }
}

/** How often each of the messages 0 to `total` - 1 was counted. */
export async function counts(store: RedisStore, test: string, total: number): Promise<number[]> {
  const keys = Array.from({ length: total }, (_, n) => countKey(test, n))
  return (await store.getMany(0, keys)).map(Number)
}
