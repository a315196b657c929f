import { Redis } from 'ioredis'
import { expect, it } from 'vitest'
import { requireServer } from '../support/servers.ts'
import { waitFor } from '../support/wait-for.ts'
import { isFull, note } from './support/figures.ts'
import { allMailsArrive, duplicateMails, settleExactly } from './support/ledger.ts'
import { planMessages } from './support/messages.ts'
import { ReadinessWatch } from './support/readiness.ts'
import { Sender } from './support/sender.ts'
import { Stage } from './support/stage.ts'

const MESSAGES = isFull ? 2_000 : 400
const REFUSAL_MS = 2_000

const hasServers = requireServer('mosquitto') && requireServer('redis-server')

/** States in which Redis answers and reads, and writes nothing. */
const CASES = [
  { name: 'memory is full', setting: 'maxmemory', bad: '1', good: '0' },
  { name: 'replicas are missing', setting: 'min-replicas-to-write', bad: '1', good: '0' },
] as const

it.runIf(hasServers).for(CASES)(
  'Redis refuses writes because $name: nothing is lost, reads go on',
  async ({ name, setting, bad, good }) => {
    const plan = planMessages(MESSAGES)
    const stage = await Stage.open({ parts: 'external' })
    const redis = new Redis(stage.redis.port, '127.0.0.1')
    const readiness = new ReadinessWatch(stage.service.url).start()
    try {
      await stage.introduce(plan.users)
      await stage.http('POST', '/api/notifications', { to: 'user:reader', message: 'Before' })
      const sender = await Sender.connect(stage.mosquitto.url, { version: '5', window: 20 })
      const sent = sender.send(plan.messages)
      await waitFor(() => sender.acknowledged >= MESSAGES / 4, { message: 'no load' })
      await redis.config('SET', setting, bad)
      const startedAt = performance.now()
      await waitFor(() => readiness.word === 'store', { message: 'readyz did not notice' })
      const write = await stage.service.api('POST', '/api/notifications', {
        to: 'user:x',
        message: 'x',
      })
      expect(write.status).toBe(503)
      const read = await stage.http('GET', '/api/notifications?user_id=reader')
      expect(read.data).toHaveLength(1)
      await waitFor(() => performance.now() - startedAt >= REFUSAL_MS)
      await redis.config('SET', setting, good)
      await waitFor(() => readiness.word === 'ready', { message: 'not ready again' })
      await sent
      await allMailsArrive(stage, MESSAGES, 90_000)
      await stage.quiet(90_000)
      await readiness.stop()
      note(`Redis refuses writes, ${name}`, {
        messages: MESSAGES,
        'mails twice': duplicateMails(stage.smtp.mails),
      })
      expect(readiness.words).toEqual(['ready', 'store', 'ready'])
      await sender.close()
      await settleExactly(stage, plan)
      expect(stage.crashes()).toEqual([])
    } finally {
      redis.disconnect()
      await readiness.stop()
      await stage.close()
    }
  },
)
