import { expect, it } from 'vitest'
import { startSentinel } from '../support/sentinel.ts'
import { requireServer } from '../support/servers.ts'
import { type Surroundings, startSurroundings } from '../support/service.ts'
import { waitFor } from '../support/wait-for.ts'
import { isFull, note } from './support/figures.ts'
import { compare, inboxCounts, mailCounts } from './support/ledger.ts'
import { planMessages } from './support/messages.ts'
import { ReadinessWatch } from './support/readiness.ts'
import { Sender } from './support/sender.ts'
import { Stage } from './support/stage.ts'

const MESSAGES = isFull ? 5_000 : 600
/**
 * Redis replicates without waiting: what a master confirmed in the last moment
 * before its death may be gone. More than a moment's worth may not.
 */
const LAST_MOMENT = 20

const hasServers = requireServer('mosquitto') && requireServer('redis-server')

it.runIf(hasServers)(
  'a master of Redis dies and its replica takes over: the service goes on by itself',
  async () => {
    const plan = planMessages(MESSAGES)
    const servers = await startSurroundings('external')
    await servers.redis!.stop()
    const sentinel = await startSentinel()
    const surroundings: Surroundings = {
      ...servers,
      env: { ...servers.env, REDIS_URL: sentinel.sentinel.url, REDIS_MODE: 'sentinel' },
      redis: sentinel.replica,
      stop: async () => {
        await Promise.all([servers.stop(), sentinel.stop()])
      },
    }
    const stage = await Stage.open({ parts: 'external', surroundings })
    const readiness = new ReadinessWatch(stage.service.url).start()
    try {
      const { pid } = stage.service
      await stage.introduce(plan.users)
      const sender = await Sender.connect(stage.mosquitto.url, { version: '5', window: 20 })
      const sent = sender.send(plan.messages)
      await waitFor(() => sender.acknowledged >= MESSAGES / 4, { message: 'no load' })
      await sentinel.master.stop('SIGKILL')
      const goneAt = performance.now()
      await waitFor(() => readiness.word === 'store', { message: 'readyz did not notice' })
      await waitFor(() => readiness.word === 'ready', {
        deadlineMs: 60_000,
        message: 'not ready again',
      })
      const readyMs = performance.now() - goneAt
      await sent
      await stage.quiet(60_000)
      await readiness.stop()
      const inboxes = compare(plan.notifications, await inboxCounts(stage, plan.users))
      const mails = compare(
        plan.messages.map((_, n) => n),
        mailCounts(stage.smtp.mails),
      )
      note('failover of Redis by a sentinel', {
        messages: MESSAGES,
        'ready again after ms': Math.round(readyMs),
        'notifications lost with the master': inboxes.lost.length,
        'mails lost with the master': mails.lost.length,
        'mails twice': mails.duplicates,
      })
      expect(inboxes.strange).toEqual([])
      expect(inboxes.duplicates).toBe(0)
      expect(inboxes.lost.length + mails.lost.length).toBeLessThanOrEqual(LAST_MOMENT)
      expect(stage.service.pid).toBe(pid)
      await sender.close()
      expect(stage.crashes()).toEqual([])
    } finally {
      await readiness.stop()
      await stage.close()
    }
  },
)
