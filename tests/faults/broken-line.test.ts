import { setTimeout as pause } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { requireServer } from '../support/servers.ts'
import { type Surroundings, startSurroundings } from '../support/service.ts'
import { startTcpProxy } from '../support/tcp-proxy.ts'
import { waitFor } from '../support/wait-for.ts'
import { Chance } from './support/chance.ts'
import { isFull, note } from './support/figures.ts'
import { allMailsArrive, duplicateMails, settleExactly } from './support/ledger.ts'
import { planMessages } from './support/messages.ts'
import { ReadinessWatch } from './support/readiness.ts'
import { Sender } from './support/sender.ts'
import { Stage } from './support/stage.ts'

const MESSAGES = isFull ? 5_000 : 800
const LOSSES = isFull ? 20 : 6
const SETTLE_MS = 120_000
/** Leases outlast a broken line, so that whatever is done twice was not done twice for them. */
const PATIENT = {
  QUEUE_VISIBILITY_TIMEOUT: '20',
  QUEUE_HEARTBEAT_INTERVAL: '2',
  QUEUE_REAPER_INTERVAL: '1',
}

const hasServers = requireServer('mosquitto') && requireServer('redis-server')

/** Mosquitto and Redis, the latter at the other end of a line that can be disturbed. */
async function openStage() {
  const servers = await startSurroundings('external')
  const line = await startTcpProxy(servers.redis!.port)
  const surroundings: Surroundings = {
    ...servers,
    env: { ...servers.env, REDIS_URL: `redis://127.0.0.1:${line.port}` },
    stop: async () => {
      await line.stop()
      await servers.stop()
    },
  }
  return { line, stage: await Stage.open({ parts: 'external', surroundings, env: PATIENT }) }
}

it.runIf(hasServers)(
  'half-open connections to Redis: nothing hangs, nothing happens twice',
  async () => {
    const plan = planMessages(MESSAGES, { keys: false })
    const { line, stage } = await openStage()
    const readiness = new ReadinessWatch(stage.service.url).start()
    try {
      await stage.introduce(plan.users)
      const sender = await Sender.connect(stage.mosquitto.url, { version: '5', window: 20 })
      const sent = sender.send(plan.messages)
      await waitFor(() => sender.acknowledged >= MESSAGES / 4, { message: 'no load' })
      // Requests arrive and are carried out; nothing comes back, and nothing is closed.
      line.swallowReplies({ existingOnly: true })
      const brokenAt = performance.now()
      await waitFor(() => readiness.word === 'store', { message: 'readyz did not notice' })
      const noticedMs = performance.now() - brokenAt
      await waitFor(() => readiness.word === 'ready', { deadlineMs: 60_000, message: 'it hangs' })
      const readyMs = performance.now() - brokenAt
      await sent
      await allMailsArrive(stage, MESSAGES, SETTLE_MS)
      await stage.quiet(SETTLE_MS)
      await readiness.stop()
      const duplicates = duplicateMails(stage.smtp.mails)
      note('half-open line to Redis', {
        messages: MESSAGES,
        'noticed after ms': Math.round(noticedMs),
        'ready again after ms': Math.round(readyMs),
        'mails twice': duplicates,
      })
      expect(readiness.words).toEqual(['ready', 'store', 'ready'])
      await sender.close()
      await settleExactly(stage, plan)
      expect(duplicates).toBe(0)
      expect(stage.crashes()).toEqual([])
    } finally {
      await readiness.stop()
      await stage.close()
    }
  },
)

it.runIf(hasServers)(
  'replies of Redis lost after execution: every message is one notification',
  async () => {
    const chance = new Chance('lost replies')
    const plan = planMessages(MESSAGES, { keys: false })
    const { line, stage } = await openStage()
    try {
      await stage.introduce(plan.users)
      const sender = await Sender.connect(stage.mosquitto.url, { version: '5', window: 10 })
      const sent = sender.send(plan.messages)
      for (let n = 1; n <= LOSSES; n++) {
        await waitFor(() => sender.acknowledged >= (n * MESSAGES) / (LOSSES + 2), {
          message: 'no load',
        })
        line.swallowReplies()
        await pause(chance.between(5, 60))
        line.heal()
        await pause(chance.between(50, 300))
      }
      await sent
      await allMailsArrive(stage, MESSAGES, SETTLE_MS)
      await stage.quiet(SETTLE_MS)
      const duplicates = duplicateMails(stage.smtp.mails)
      note('replies of Redis lost', {
        messages: MESSAGES,
        losses: LOSSES,
        'mails twice': duplicates,
      })
      await sender.close()
      await settleExactly(stage, plan)
      expect(duplicates).toBe(0)
      expect(stage.crashes()).toEqual([])
    } finally {
      await stage.close()
    }
  },
)
