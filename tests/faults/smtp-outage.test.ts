import { expect, it } from 'vitest'
import { requireServer } from '../support/servers.ts'
import type { Parts } from '../support/service.ts'
import { waitFor } from '../support/wait-for.ts'
import { isFull, note } from './support/figures.ts'
import { allMailsArrive, duplicateMails, mailCounts, settleExactly } from './support/ledger.ts'
import { planMessages } from './support/messages.ts'
import { ReadinessWatch } from './support/readiness.ts'
import { Sender } from './support/sender.ts'
import { Stage } from './support/stage.ts'
import { type Json, StoreView } from './support/store-view.ts'

const MESSAGES = isFull ? 2_000 : 400
const OUTAGE_MS = isFull ? 60_000 : 8_000
/** The server is left alone for 30 s at a time; those who wait come within 8 s after that. */
const BACK_MS = 120_000
/** Conversations that stood with the server when it went. */
const CONVERSATIONS = 5

const hasServers = requireServer('mosquitto') && requireServer('redis-server')
const CASES: readonly Parts[] = hasServers ? ['embedded', 'external'] : ['embedded']

it.for(CASES)(
  'the SMTP server is away, on %s parts: mails wait, nothing else does',
  async (parts) => {
    const plan = planMessages(MESSAGES)
    const stage = await Stage.open({ parts })
    const readiness = new ReadinessWatch(stage.service.url).start()
    try {
      await stage.introduce(plan.users)
      const sender = await Sender.connect(stage.service.mqttUrl)
      const sent = sender.send(plan.messages)
      await waitFor(() => stage.smtp.mails.length >= MESSAGES / 10, {
        message: 'no mails to stop under',
      })
      await stage.smtp.stop()
      const goneAt = performance.now()
      const before = mailCounts(stage.smtp.mails).size
      await sent
      const othersMs = await othersGoOn(stage)
      await waitFor(() => performance.now() - goneAt >= OUTAGE_MS, { deadlineMs: 2 * OUTAGE_MS })
      const waiting = await stage.http('GET', '/api/stats')
      await stage.smtp.start()
      const backAt = performance.now()
      await allMailsArrive(stage, MESSAGES, BACK_MS)
      const allMs = performance.now() - backAt
      await stage.quiet(BACK_MS)
      await readiness.stop()
      expect(readiness.words).toEqual(['ready'])

      const duplicates = duplicateMails(stage.smtp.mails)
      await sender.close()
      await settleExactly(stage, plan)
      const jobs = (await StoreView.read(stage.service)).records(/^email_job:/)
      const tried = jobs.filter(({ attempts }) => attempts > 1)
      const waited = jobs.filter((job) => outcomes(job).includes('unreachable'))
      note(`SMTP server away, ${parts}`, {
        mails: MESSAGES,
        'sent before': before,
        'waiting at its return': waiting.scheduled + waiting.waiting + waiting.in_flight,
        'that waited': waited.length,
        'that used an attempt': tried.length,
        'mails twice': duplicates,
        'other channels after ms': Math.round(othersMs),
        'all arrived after ms': Math.round(allMs),
      })
      expect(waited.length).toBeGreaterThan(0)
      expect(tried.length).toBeLessThanOrEqual(CONVERSATIONS)
      expect(duplicates).toBeLessThanOrEqual(CONVERSATIONS)
      expect(stage.crashes()).toEqual([])
    } finally {
      await readiness.stop()
      await stage.close()
    }
  },
)

function outcomes({ history }: Json): string[] {
  return history.map(({ outcome }: { outcome: string }) => outcome)
}

/** Inbox, realtime and text messages take no notice; answers after how many milliseconds they were there. */
async function othersGoOn(stage: Stage): Promise<number> {
  const startedAt = performance.now()
  const phones = Array.from({ length: 20 }, (_, n) => `+1202555${String(1000 + n)}`)
  await Promise.all(
    phones.map((phone) =>
      stage.http('POST', '/api/notifications', { to: { phone }, message: 'Short' }),
    ),
  )
  await waitFor(
    async () => {
      const { data } = await stage.http('GET', '/api/outbox?channel=sms&limit=100')
      return data.length === phones.length
    },
    { message: 'text messages wait too' },
  )
  return performance.now() - startedAt
}
