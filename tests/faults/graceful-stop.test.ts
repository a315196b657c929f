import { expect, it } from 'vitest'
import { requireServer } from '../support/servers.ts'
import type { Parts } from '../support/service.ts'
import { waitFor } from '../support/wait-for.ts'
import { Chance } from './support/chance.ts'
import { isFull, note } from './support/figures.ts'
import {
  allMailsArrive,
  compare,
  duplicateMails,
  inboxCounts,
  settleExactly,
} from './support/ledger.ts'
import { planMessages } from './support/messages.ts'
import { Sender } from './support/sender.ts'
import { Stage } from './support/stage.ts'

const MESSAGES = isFull ? 5_000 : 600
const SHUTDOWN_SECONDS = 3
/** What a slow machine takes to end a process; a mail without an answer would keep it for 20 s. */
const ENDED_WITHIN_MS = (SHUTDOWN_SECONDS + 5) * 1000
/** Mails to these never get an answer from the server. */
const HANGING = ['reader-2@example.com', 'reader-6@example.com']
const SETTLE_MS = 120_000
/** Mails that one process has in hand, sent but not settled when it ends without its store. */
const IN_HAND = 64

const hasServers = requireServer('mosquitto') && requireServer('redis-server')
const CASES: readonly Parts[] = hasServers ? ['embedded', 'external'] : ['embedded']

it.for(CASES)(
  'SIGTERM under load, on %s parts: in time, with exit code 0, nothing accepted is missing',
  async (parts) => {
    const chance = new Chance(`stop ${parts}`)
    const plan = planMessages(MESSAGES)
    const env = { SHUTDOWN_SECONDS: String(SHUTDOWN_SECONDS) }
    const stage = await Stage.open({ parts, env })
    try {
      await stage.introduce(plan.users)
      stage.smtp.behave((to) => (HANGING.includes(to) ? { hangAt: 'data' } : 'accept'))
      const sender = await Sender.connect(stage.service.mqttUrl, { window: 30 })
      const caller = new Caller(stage)
      const target = chance.between(MESSAGES / 6, MESSAGES / 2)
      const sent = sender.send(plan.messages)
      const called = caller.call(200)
      await waitFor(() => sender.acknowledged >= target, { message: 'no load to stop under' })
      const startedAt = performance.now()
      await stage.service.stop()
      const stopMs = performance.now() - startedAt
      const { exitCode } = stage.service
      stage.smtp.behave('accept')
      await stage.service.restart()
      await Promise.all([sent, called])
      await allMailsArrive(stage, MESSAGES, SETTLE_MS)
      await stage.quiet(SETTLE_MS)
      note(`SIGTERM, ${parts}`, {
        messages: MESSAGES,
        'ended after ms': Math.round(stopMs),
        'exit code': String(exitCode),
        'calls repeated': caller.repeated,
        'mails twice': duplicateMails(stage.smtp.mails),
      })
      expect(exitCode).toBe(0)
      expect(stopMs).toBeLessThan(ENDED_WITHIN_MS)
      const calls = compare(caller.numbers, await inboxCounts(stage, caller.users))
      expect(calls).toEqual({ lost: [], strange: [], duplicates: 0 })
      await sender.close()
      await settleExactly(stage, plan)
      expect(stage.crashes()).toEqual([])
    } finally {
      await stage.close()
    }
  },
)

/** Somebody who sends by HTTP, and again with the same key whenever he got no answer. */
class Caller {
  readonly users = Array.from({ length: 5 }, (_, n) => `caller-${n}`)
  readonly numbers: number[] = []
  repeated = 0
  readonly #stage: Stage

  constructor(stage: Stage) {
    this.#stage = stage
  }

  async call(total: number): Promise<void> {
    for (let n = 0; n < total; n++) {
      this.numbers.push(n)
      while (!(await this.#once(n))) {
        this.repeated += 1
        await new Promise((resolve) => setTimeout(resolve, 50))
      }
    }
  }

  async #once(n: number): Promise<boolean> {
    const to = `user:${this.users[n % this.users.length]}`
    const body = { to, message: `call ${n}`, data: { n } }
    const headers = { 'idempotency-key': `call-${n}` }
    const answer = await this.#stage.service
      .api('POST', '/api/notifications', body, headers)
      .catch(() => null)
    return answer?.status === 202
  }
}

it.runIf(hasServers)(
  'SIGTERM while Redis is away: in time all the same, and the next process does the rest',
  async () => {
    const plan = planMessages(MESSAGES)
    const stage = await Stage.open({
      parts: 'external',
      env: { SHUTDOWN_SECONDS: String(SHUTDOWN_SECONDS) },
    })
    try {
      await stage.introduce(plan.users)
      const sender = await Sender.connect(stage.mosquitto.url, { version: '5', window: 20 })
      const sent = sender.send(plan.messages)
      await waitFor(() => sender.acknowledged >= MESSAGES / 4, { message: 'no load' })
      await stage.redis.stop()
      await sent
      const startedAt = performance.now()
      await stage.service.stop()
      const stopMs = performance.now() - startedAt
      const { exitCode } = stage.service
      await stage.redis.restart()
      await stage.service.restart()
      await allMailsArrive(stage, MESSAGES, SETTLE_MS)
      await stage.quiet(SETTLE_MS)
      const duplicates = duplicateMails(stage.smtp.mails)
      note('SIGTERM without Redis', {
        messages: MESSAGES,
        'ended after ms': Math.round(stopMs),
        'exit code': String(exitCode),
        'mails twice': duplicates,
      })
      expect(stopMs).toBeLessThan(ENDED_WITHIN_MS)
      expect(exitCode).toBe(0)
      await sender.close()
      await settleExactly(stage, plan)
      expect(duplicates).toBeLessThanOrEqual(IN_HAND)
      expect(stage.crashes()).toEqual([])
    } finally {
      await stage.close()
    }
  },
)
