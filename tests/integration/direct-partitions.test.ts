import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { Cancellation } from '../../services/deliveries/cancellation.ts'
import { ownWork } from '../../services/notifications/acceptance.ts'
import { partitionOf } from '../../src/index.ts'
import { RedisStore } from '../../src/store/redis/redis-store.ts'
import { silentLog as log } from '../support/delivery.ts'
import { DirectBench, keyed, PLAIN_MAIL, packet } from '../support/direct-bench.ts'
import { emptyRedis, singleConfig } from '../support/redis-configs.ts'
import { requireServer, startRedis, type TestServer } from '../support/servers.ts'

const PARTITIONS = 8

describe.skipIf(!requireServer('redis-server'))('direct messages over partitions', () => {
  let server: TestServer
  let store: RedisStore
  let bench: DirectBench

  beforeAll(async () => {
    server = await startRedis()
  })
  afterAll(() => server.stop())
  beforeEach(async () => {
    await emptyRedis([server.port])
    bench = new DirectBench()
    const config = singleConfig(server.port, { partitions: PARTITIONS })
    store = await RedisStore.connect(config, { log, clock: bench.clock })
  })
  afterEach(async () => {
    await store.close()
    await bench.store.close()
  })

  async function queued(): Promise<number[]> {
    const partitions = Array.from({ length: PARTITIONS }, (_, partition) => partition)
    const depths = partitions.map((n) => store.depth(n, bench.keys.queue('email')))
    return (await Promise.all(depths)).map(({ ready }) => ready.high)
  }

  const total = (counts: readonly number[]) => counts.reduce((sum, count) => sum + count, 0)

  it('spread, and come to the same partition when they are repeated', async () => {
    const service = bench.serviceOver(store)
    for (let n = 0; n < 40; n++) {
      const byKey = await service.queueEmail(PLAIN_MAIL, keyed(`k${n}`))
      expect(await service.queueEmail(PLAIN_MAIL, keyed(`k${n}`))).toEqual(byKey)
      const byPacket = await service.queueEmail(PLAIN_MAIL, packet(`client-${n}:1`))
      expect(await service.queueEmail(PLAIN_MAIL, packet(`client-${n}:1`, true))).toEqual(byPacket)
    }
    const counts = await queued()
    expect(total(counts)).toBe(80)
    expect(counts.filter((count) => count > 0).length).toBeGreaterThan(PARTITIONS / 2)
  })

  it('of a batch lie together, and a repetition adds none', async () => {
    const service = bench.serviceOver(store)
    const emails = Array.from({ length: 600 }, (_, index) => ({ index, email: PLAIN_MAIL }))
    await service.queueEmails({ emails, rejected: [] }, packet('c:1'))
    await service.queueEmails({ emails, rejected: [] }, packet('c:1', true))
    const counts = await queued()
    expect(counts.filter((count) => count > 0)).toEqual([600])
    expect(counts[partitionOf('c:1', PARTITIONS)]).toBe(600)
  })

  it('are found where they lie when they are taken back', async () => {
    const service = bench.serviceOver(store)
    const cancellation = new Cancellation({ store, keys: bench.keys, clock: bench.clock })
    const sendAt = bench.clock.now() + 3_600_000
    for (let n = 0; n < 10; n++) {
      const { email_id } = await service.queueEmail({ ...PLAIN_MAIL, sendAt }, ownWork)
      expect(await cancellation.cancel(email_id)).toEqual({ status: 'canceled' })
    }
    expect(total(await queued())).toBe(0)
  })
})
