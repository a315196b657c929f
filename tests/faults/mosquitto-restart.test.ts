import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { connectAsync } from 'mqtt'
import { expect, it } from 'vitest'
import { requireServer, type TestServer } from '../support/servers.ts'
import { startTcpProxy } from '../support/tcp-proxy.ts'
import { waitFor } from '../support/wait-for.ts'
import { Chance } from './support/chance.ts'
import { isFull, note } from './support/figures.ts'
import { allMailsArrive, duplicateMails, settleExactly } from './support/ledger.ts'
import { planMessages } from './support/messages.ts'
import { ReadinessWatch } from './support/readiness.ts'
import { Sender } from './support/sender.ts'
import { Stage } from './support/stage.ts'

const MESSAGES = isFull ? 5_000 : 600
const PARKED = 100
const OUTAGE_MS = isFull ? 10_000 : 2_000
const BACK_MS = 120_000

/*
 * Mosquitto (2.0.11, and as its source has it since) keeps sessions over a restart, plain
 * subscriptions and all messages in them, but not shared subscriptions: what is published
 * between its return and ours has no subscriber, is acknowledged and gone. So devices
 * come back after the service here, as those do that wait for `belfry/status/+`.
 */

const hasServers = requireServer('mosquitto') && requireServer('redis-server')

const CASES = [
  { signal: 'SIGTERM', config: '' },
  // As durable as Mosquitto gets: its file is written at every change.
  { signal: 'SIGKILL', config: 'autosave_interval 1\nautosave_on_changes true' },
] as const

it.runIf(hasServers).for(CASES)(
  'Mosquitto restarted by $signal: nothing is lost, /readyz names the broker meanwhile',
  async ({ signal, config }) => {
    const chance = new Chance(`mosquitto ${signal}`)
    const plan = planMessages(MESSAGES)
    const stage = await Stage.open({ parts: 'external', mosquitto: config })
    const line = await startTcpProxy(stage.mosquitto.port)
    const readiness = new ReadinessWatch(stage.service.url).start()
    try {
      const { pid } = stage.service
      await stage.introduce(plan.users)
      const url = `mqtt://127.0.0.1:${line.port}`
      const senders = await Promise.all([
        Sender.connect(url, { version: '311', window: 20 }),
        Sender.connect(url, { version: '5', window: 20 }),
      ])
      const acknowledged = () => senders.reduce((sum, sender) => sum + sender.acknowledged, 0)
      const target = chance.between(MESSAGES / 6, MESSAGES / 2)
      const parts = [0, 1].map((at) => plan.messages.filter((_, n) => Math.floor(n / 2) % 2 === at))
      const sent = Promise.all(senders.map((sender, at) => sender.send(parts[at]!)))
      await waitFor(() => acknowledged() >= target, { message: 'no load to stop under' })
      // The service stands still for a moment, so that the broker has something to keep.
      process.kill(pid, 'SIGSTOP')
      await waitFor(() => acknowledged() >= target + PARKED, { message: 'nothing is parked' })
      if (signal === 'SIGKILL') {
        await Promise.all(senders.map((sender) => sender.hold()))
        await hasSaved(stage.mosquitto)
      }
      line.refuse()
      await stage.mosquitto.stop(signal)
      process.kill(pid, 'SIGCONT')
      const goneAt = performance.now()
      await waitFor(() => readiness.word === 'broker', { message: 'readyz did not notice' })
      const answer = await stage.http('POST', '/api/notifications', {
        to: 'user:by-http',
        message: 'x',
      })
      expect(answer.notifications).toHaveLength(1)
      await waitFor(() => performance.now() - goneAt >= OUTAGE_MS)
      await stage.mosquitto.restart()
      const backAt = performance.now()
      await waitFor(() => readiness.word === 'ready', {
        deadlineMs: BACK_MS,
        message: 'not ready again',
      })
      const readyMs = performance.now() - backAt
      line.heal()
      for (const sender of senders) sender.release()
      await sent
      await allMailsArrive(stage, MESSAGES, BACK_MS)
      await stage.quiet(BACK_MS)
      await readiness.stop()
      note(`restart of Mosquitto, ${signal}`, {
        messages: MESSAGES,
        'ready again after ms': Math.round(readyMs),
        'mails twice': duplicateMails(stage.smtp.mails),
        'settled after ms': Math.round(performance.now() - backAt),
      })
      expect(readiness.words).toEqual(['ready', 'broker', 'ready'])
      expect(stage.service.pid).toBe(pid)
      await Promise.all(senders.map((sender) => sender.close()))
      await settleExactly(stage, plan)
      expect(stage.crashes()).toEqual([])
    } finally {
      await readiness.stop()
      await stage.close()
    }
  },
)

/**
 * Mosquitto writes what it acknowledged a turn later: waits until it has written everything so
 * far. It does both in one thread, so the file that it writes after a change from now on has all.
 */
async function hasSaved({ url, dir }: TestServer): Promise<void> {
  const since = Date.now()
  const client = await connectAsync(url)
  await waitFor(
    async () => {
      await client.publishAsync('saved', String(since), { qos: 1, retain: true })
      return (await stat(join(dir, 'mosquitto.db'))).mtimeMs > since
    },
    { message: 'Mosquitto did not write its file' },
  )
  await client.endAsync()
}
