import { Redis } from 'ioredis'
import { expect, it } from 'vitest'
import {
  requireServer,
  startRedis,
  startRedisCluster,
  type TestServer,
} from '../support/servers.ts'
import { type Surroundings, startSurroundings } from '../support/service.ts'
import { waitFor } from '../support/wait-for.ts'
import { Chance } from './support/chance.ts'
import { isFull, note } from './support/figures.ts'
import { allMailsArrive, duplicateMails, settleExactly } from './support/ledger.ts'
import { planMessages } from './support/messages.ts'
import { ReadinessWatch } from './support/readiness.ts'
import { Sender } from './support/sender.ts'
import { Stage } from './support/stage.ts'

const MESSAGES = isFull ? 5_000 : 600
const OUTAGE_MS = isFull ? 15_000 : 3_000
const BACK_MS = 120_000

const hasServers = requireServer('mosquitto') && requireServer('redis-server')

interface Case {
  readonly name: string
  readonly signal: NodeJS.Signals
  /** What the service stands on, and the Redis that goes away. */
  readonly open: () => Promise<{ surroundings: Surroundings; victim: TestServer }>
}

/**
 * With `everysec` Redis answers before it writes to its file while the disk is
 * slow: then even the death of the process alone takes the last two seconds.
 */
async function syncAlways(servers: readonly TestServer[]): Promise<void> {
  for (const { port } of servers) {
    const client = new Redis(port, '127.0.0.1')
    await client.config('SET', 'appendfsync', 'always')
    client.disconnect()
  }
}

async function mosquittoAndRedis() {
  const surroundings = await startSurroundings('external')
  await syncAlways([surroundings.redis!])
  return { surroundings, victim: surroundings.redis! }
}

/** Only here is an acknowledgement to a device an answer of the store. */
async function ownBrokerAndRedis() {
  const redis = await startRedis()
  await syncAlways([redis])
  const env = { REDIS_URL: redis.url }
  const stop = () => redis.stop()
  const surroundings = { parts: 'external', env, mosquitto: null, redis, stop } as const
  return { surroundings, victim: redis }
}

async function mosquittoAndCluster() {
  const mosquitto = await startSurroundings('external')
  const cluster = await startRedisCluster()
  await syncAlways(cluster.nodes)
  await mosquitto.redis!.stop()
  const surroundings: Surroundings = {
    parts: 'cluster',
    env: { ...mosquitto.env, REDIS_URL: cluster.url },
    mosquitto: mosquitto.mosquitto,
    redis: cluster.nodes[0]!,
    stop: async () => {
      await Promise.all([mosquitto.stop(), cluster.stop()])
    },
  }
  return { surroundings, victim: cluster.nodes[1]! }
}

const CASES: readonly Case[] = [
  { name: 'Redis, SIGTERM', signal: 'SIGTERM', open: mosquittoAndRedis },
  { name: 'Redis, SIGKILL', signal: 'SIGKILL', open: mosquittoAndRedis },
  { name: 'Redis under the embedded broker, SIGKILL', signal: 'SIGKILL', open: ownBrokerAndRedis },
  { name: 'a master of the cluster, SIGKILL', signal: 'SIGKILL', open: mosquittoAndCluster },
]

it.runIf(hasServers).for(CASES)(
  '$name: nothing is lost, /readyz names the store meanwhile',
  async ({ name, signal, open }) => {
    const chance = new Chance(name)
    const plan = planMessages(MESSAGES)
    const { surroundings, victim } = await open()
    const stage = await Stage.open({ parts: surroundings.parts, surroundings })
    const { pid } = stage.service
    const readiness = new ReadinessWatch(stage.service.url).start()
    try {
      await stage.introduce(plan.users)
      const sender = await Sender.connect(stage.service.mqttUrl, { window: 20 })
      const target = chance.between(MESSAGES / 6, MESSAGES / 2)
      const sent = sender.send(plan.messages)
      await waitFor(() => sender.acknowledged >= target, { message: 'no load to stop under' })
      await victim.stop(signal)
      const goneAt = performance.now()
      await waitFor(() => readiness.word === 'store', { message: 'readyz did not notice' })
      const noticedMs = performance.now() - goneAt
      await refusesForNow(stage)
      await waitFor(() => performance.now() - goneAt >= OUTAGE_MS)
      await victim.restart()
      const backAt = performance.now()
      await waitFor(() => readiness.word === 'ready', {
        deadlineMs: BACK_MS,
        message: 'not ready again',
      })
      const readyMs = performance.now() - backAt
      await sent
      await allMailsArrive(stage, MESSAGES, BACK_MS)
      await stage.quiet(BACK_MS)
      await readiness.stop()
      note(`restart of ${name}`, {
        messages: MESSAGES,
        'noticed after ms': Math.round(noticedMs),
        'ready again after ms': Math.round(readyMs),
        'mails twice': duplicateMails(stage.smtp.mails),
        'settled after ms': Math.round(performance.now() - backAt),
      })
      expect(readiness.words).toEqual(['ready', 'store', 'ready'])
      expect(stage.service.pid).toBe(pid)
      await sender.close()
      await settleExactly(stage, plan)
      expect(stage.crashes()).toEqual([])
    } finally {
      await readiness.stop()
      await stage.close()
    }
  },
)

/** While the store is away a write over HTTP is answered with 503, in time, and not half done. */
async function refusesForNow({ service }: Stage): Promise<void> {
  const users = Array.from({ length: 20 }, (_, n) => `nobody-${n}`)
  const answers = await Promise.all(
    users.map((to) =>
      service.api('POST', '/api/notifications', { to: `user:${to}`, message: 'x' }),
    ),
  )
  const statuses = new Set(answers.map(({ status }) => status))
  expect(statuses).toContain(503)
  // On a cluster the other masters go on.
  expect(service.surroundings.parts === 'cluster' ? statuses.size : 1).toBe(statuses.size)
}
