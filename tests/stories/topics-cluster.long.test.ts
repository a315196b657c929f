import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { atHome } from '../../src/bootstrap/placement.ts'
import { RedisStore } from '../../src/store/redis/redis-store.ts'
import type { StoredKey } from '../../src/store/store.ts'
import { isTransient } from '../../src/store/transient-keys.ts'
import { createLogger } from '../../src/support/logger.ts'
import { clusterConfig } from '../support/redis-configs.ts'
import { requireServer } from '../support/servers.ts'
import { type Surroundings, startSurroundings } from '../support/service.ts'
import { tellEveryTopic } from './every-topic.ts'
import { PROOFS, Twins } from './one-effect.ts'
import { tellStories } from './stories.ts'
import { fresh, World } from './world.ts'

const COUNT = 50
/** What is summed up over all partitions, wherever it lies. */
const SUMMED = /^(?:stats:|mail_logs$|sms_logs$|broadcasts:log$|setting:probe$)/
const hasServers = requireServer('mosquitto') && requireServer('redis-server')

describe.skipIf(!hasServers)('[S4-035] on Mosquitto and a Redis Cluster of three nodes', () => {
  let surroundings: Surroundings
  let world: World
  let twins: Twins

  beforeAll(async () => {
    surroundings = await startSurroundings('cluster')
    twins = await Twins.start(surroundings)
    world = await World.open({ surroundings })
  })
  afterAll(async () => {
    await world?.close()
    await twins?.stop()
  })

  tellEveryTopic(['5'], () => world)
  tellStories(['311'], () => world)

  it.concurrent.each(PROOFS)(`$topic: ${COUNT} publishes, ${COUNT} effects`, async ({ run }) => {
    await run(twins, COUNT)
  })

  it('every key lies where an import would put it', async () => {
    await tellTheRest(world)
    const nodes = surroundings.env.REDIS_URL!.split(',')
    const config = clusterConfig(nodes.map((url) => Number(new URL(url).port)))
    const store = await RedisStore.connect(config, { log: createLogger('silent') })
    const [elsewhere, kinds] = [new Set<string>(), new Set<string>()]
    for await (const key of store.keys()) {
      if (isTransient(key.key) || key.kind === 'hash' || SUMMED.test(key.key)) continue
      kinds.add(key.key.replace(/[:_].*/, ''))
      const isHere = atHome(key, store.partitions).some((part) => isSame(part, key))
      if (!isHere) elsewhere.add(`${key.key} in ${key.partition}`)
    }
    await store.close()
    expect([...elsewhere]).toEqual([])
    expect(kinds.size).toBeGreaterThan(25)
  })

  it('nobody was answered twice', () => {
    expect(twins.services).toHaveLength(2)
    twins.assertEachAnsweredOnce()
  })
})

function isSame(part: StoredKey, key: StoredKey): boolean {
  return part.partition === key.partition && JSON.stringify(part) === JSON.stringify(key)
}

/** What no story leaves behind: things that wait, repeat, are collected and watched. */
async function tellTheRest(world: World): Promise<void> {
  const to = `user:${fresh('u')}`
  const sendAt = Date.now() / 1000 + 3600
  const post = async (path: string, body: object, headers: Record<string, string> = {}) => {
    const answer = await world.service.api('POST', path, body, headers)
    expect(answer.status, JSON.stringify(answer.body)).toBeLessThan(300)
  }
  const said = { to, message: 'Hello', channels: ['email', 'realtime'] }
  await post('/api/notifications', { ...said, send_at: sendAt, tag: 'later' })
  await post('/api/notifications', { ...said, digest: { window: '5m' } })
  await post('/api/notifications', { ...said, throttle: { limit: 1, window: '5m' } })
  const again = { retry: '60s', expire: '1h', cancel_on: 'any' }
  await post('/api/notifications', { ...said, require_ack: again })
  await post('/api/notifications', said, { 'idempotency-key': fresh('key') })
  await post('/api/recurrences', { ...said, cron: '0 9 * * *' })
  const words = { default: { title: 'T', message: 'M' } }
  await post('/api/templates', { name: fresh('t'), locales: { en: words } })
  await post('/api/silences', { matchers: ['source=pump-7'], for: '10m', comment: 'drill' })
  const step = { targets: [{ type: 'user', id: 'ada' }], delay_minutes: 5 }
  await post('/api/escalation-policies', { id: 'pumps', name: 'Pumps', steps: [step] })
  const routes = [{ matchers: ['source=pump-7'], policy: 'pumps' }]
  const routed = await world.service.api('PUT', '/api/alert-routes', { routes })
  expect(routed.status, JSON.stringify(routed.body)).toBe(200)
  const zone = { timezone: 'Asia/Tokyo' }
  expect((await world.service.api('PUT', `/api/users/${fresh('u')}`, zone)).status).toBe(200)
  await post('/api/heartbeats', { topic: 'sensors/{device}/alive', timeout: '5m' })
  await world.device('5').client.publishAsync('sensors/7/alive', '{}', { qos: 1 })
}
