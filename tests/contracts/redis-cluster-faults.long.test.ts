import { Redis } from 'ioredis'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { RedisStore } from '../../src/store/redis/redis-store.ts'
import { Unavailable } from '../../src/support/errors.ts'
import { createLogger } from '../../src/support/logger.ts'
import { clusterConfig, emptyRedis } from '../support/redis-configs.ts'
import { requireServer, startRedisCluster, type TestCluster } from '../support/servers.ts'
import { counting, insist } from './store/insist.ts'

const log = createLogger('silent')

describe.skipIf(!requireServer('redis-server'))('RedisStore when a cluster changes', () => {
  let cluster: TestCluster
  beforeAll(async () => {
    // With `everysec` Redis puts its write off while a slow fsync is under way, and answers before it.
    const args = ['--cluster-require-full-coverage', 'no', '--appendfsync', 'always']
    cluster = await startRedisCluster(3, { args })
  })
  afterAll(() => cluster.stop())

  it('one node killed: its partitions are Unavailable, the others go on; then all is there', async () => {
    const store = await RedisStore.connect(clusterConfig(cluster.ports), {
      log,
      commandTimeoutMs: 1_000,
    })
    const partitions = Array.from({ length: store.partitions }, (_, partition) => partition)
    for (const partition of partitions) await store.commit(counting('before', partition))
    await cluster.nodes[2]!.stop('SIGKILL')
    const outcomes = await Promise.allSettled(
      partitions.map((partition) => store.commit(counting('during', partition))),
    )
    const failed = outcomes.filter(({ status }) => status === 'rejected')
    expect(failed.length).toBeGreaterThan(0)
    expect(failed.length).toBeLessThan(partitions.length)
    for (const outcome of failed) {
      expect((outcome as PromiseRejectedResult).reason).toBeInstanceOf(Unavailable)
    }
    await cluster.nodes[2]!.restart()
    for (const partition of partitions) await insist(store, counting('during', partition))
    const counts = await Promise.all(partitions.map((p) => store.get(p, 'count')))
    expect(counts).toEqual(partitions.map(() => '2'))
    await store.close()
  })

  it('takes all partitions at once right after connecting', async () => {
    await emptyRedis(cluster.ports)
    const store = await RedisStore.connect(clusterConfig(cluster.ports), { log })
    const partitions = Array.from({ length: store.partitions }, (_, partition) => partition)
    const outcomes = await Promise.all(
      partitions.map((partition) => store.commit(counting('first', partition))),
    )
    expect(outcomes.every(({ applied }) => applied)).toBe(true)
    await store.close()
  })

  it('moved slots are followed', async () => {
    await emptyRedis(cluster.ports)
    const store = await RedisStore.connect(clusterConfig(cluster.ports), { log })
    const [from, to] = await moveSlot(cluster, '{p00}:')
    expect(from).not.toBe(to)
    expect(await insist(store, counting('a', 0))).toMatchObject({ applied: true })
    expect(await store.get(0, 'count')).toBe('1')
    await store.close()
  })
})

/** Gives the (empty) slot of a key to another node; answers with the ports of both. */
async function moveSlot(cluster: TestCluster, key: string): Promise<[from: number, to: number]> {
  const nodes = cluster.ports.map((port) => new Redis(port, '127.0.0.1'))
  const slot = await nodes[0]!.cluster('KEYSLOT', key)
  const ids = await Promise.all(nodes.map((node) => node.cluster('MYID')))
  const slots = (await nodes[0]!.cluster('SLOTS')) as unknown as [
    number,
    number,
    [string, number],
  ][]
  const owner = slots.find(([first, last]) => first <= slot && slot <= last)![2][1]
  const from = cluster.ports.indexOf(owner)
  const to = (from + 1) % nodes.length
  await nodes[to]!.cluster('SETSLOT', slot, 'IMPORTING', ids[from]!)
  await nodes[from]!.cluster('SETSLOT', slot, 'MIGRATING', ids[to]!)
  for (const node of nodes) await node.cluster('SETSLOT', slot, 'NODE', ids[to]!)
  for (const node of nodes) node.disconnect()
  return [owner, cluster.ports[to]!]
}
