import { expect, it } from 'vitest'
import { requireServer } from '../support/servers.ts'
import type { Parts } from '../support/service.ts'
import { waitFor } from '../support/wait-for.ts'
import { note } from './support/figures.ts'
import { allMailsArrive, duplicateMails, mailCounts } from './support/ledger.ts'
import { Stage } from './support/stage.ts'

const MAILS = 100
/** The mail whose sending ends the process that tries. */
const DEADLY = 0
const DEADLY_ADDRESS = `reader-${DEADLY}@example.com`
/** A job taken so often without being given back is given up. */
const TAKES = 5
const HASTE = {
  QUEUE_VISIBILITY_TIMEOUT: '2',
  QUEUE_HEARTBEAT_INTERVAL: '0.5',
  QUEUE_REAPER_INTERVAL: '0.5',
}

const hasServers = requireServer('mosquitto') && requireServer('redis-server')
const CASES: readonly Parts[] = hasServers ? ['embedded', 'external'] : ['embedded']

it.for(CASES)(
  'a job that kills its worker, on %s parts, is given up after five times; the others are done',
  async (parts) => {
    const stage = await Stage.open({ parts, env: HASTE })
    try {
      const deaths = new Deaths(stage)
      stage.smtp.behave((to) => (to === DEADLY_ADDRESS ? deaths.strike() : 'accept'))
      // Paused, so that all are taken in one go with the deadly one at the head.
      await stage.http('POST', '/api/queues/email/pause')
      for (let n = 0; n < MAILS; n++) {
        const mail = {
          to: { email: `reader-${n}@example.com` },
          title: `mail ${n}`,
          message: 'Words',
        }
        await stage.http('POST', '/api/notifications', mail)
      }
      await stage.http('POST', '/api/queues/email/resume').catch(() => undefined)

      const startedAt = performance.now()
      await waitFor(() => mailCounts(stage.smtp.mails).size >= MAILS - 1, {
        deadlineMs: 90_000,
        message: 'the others wait',
      })
      const othersMs = performance.now() - startedAt
      const failed = await waitFor(
        () =>
          deaths.whenUp(async () => {
            const { data } = await stage.http('GET', '/api/queues/email/failed?limit=100')
            return data.length > 0 ? data : null
          }),
        { deadlineMs: 90_000, message: 'it is never given up' },
      )
      note(`deadly job, ${parts}`, {
        deaths: deaths.count,
        'given up': failed.length,
        'others done after ms': Math.round(othersMs),
        'mails twice': duplicateMails(stage.smtp.mails),
      })
      expect(deaths.count).toBe(TAKES)
      expect(failed).toMatchObject([{ to: DEADLY_ADDRESS, status: 'failed' }])

      // Once it is harmless, an operator sends it after all.
      stage.smtp.behave('accept')
      await stage.http('POST', '/api/queues/email/retry', { id: failed[0].id })
      await allMailsArrive(stage, MAILS, 60_000)
      await stage.quiet(60_000)
      expect(stage.crashes()).toEqual([])
    } finally {
      await stage.close()
    }
  },
)

/** Ends the process at the very moment at which it hands the mail over, and starts the next one. */
class Deaths {
  count = 0
  readonly #stage: Stage
  #mourning: Promise<void> = Promise.resolve()

  constructor(stage: Stage) {
    this.#stage = stage
  }

  strike(): { hangAt: 'rcpt' } {
    this.count += 1
    process.kill(this.#stage.service.pid, 'SIGKILL')
    this.#mourning = this.#stage.service.restart('SIGKILL')
    return { hangAt: 'rcpt' }
  }

  /** Runs something that needs a living service; `null` when it died on the way. */
  async whenUp<Result>(run: () => Promise<Result>): Promise<Result | null> {
    await this.#mourning
    return run().catch(() => null)
  }
}
