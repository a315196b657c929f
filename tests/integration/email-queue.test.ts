import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { SmtpProvider } from '../../services/channels/email-smtp.ts'
import type { DeliveryJob } from '../../services/deliveries/delivery-job.ts'
import { DeliveryService } from '../../services/deliveries/delivery-service.ts'
import { ownWork } from '../../services/notifications/acceptance.ts'
import { Worker } from '../../src/queue/worker.ts'
import type { Bus } from '../../src/store/bus.ts'
import { queueKeys } from '../../src/store/keys.ts'
import { silentLog as log } from '../support/delivery.ts'
import { DirectBench, PLAIN_MAIL } from '../support/direct-bench.ts'
import { startSmtp, type TestSmtp } from '../support/servers.ts'
import { waitFor } from '../support/wait-for.ts'

const MAILS = 300
const CONCURRENCY = 20

const silentBus: Bus = {
  publish: () => Promise.resolve(),
  subscribe: () => Promise.resolve(() => Promise.resolve()),
  onGap: () => undefined,
  close: () => Promise.resolve(),
}

describe('a queue of mails and a server that goes away', () => {
  let bench: DirectBench
  let smtp: TestSmtp
  let provider: SmtpProvider
  let worker: Worker

  beforeEach(async () => {
    bench = new DirectBench()
    const { store, clock, keys } = bench
    smtp = await startSmtp()
    provider = new SmtpProvider({ url: smtp.url, from: 'alerts@example.org', clock })
    const deliveries = new DeliveryService({
      keys,
      clock,
      log,
      providers: new Map([['email', provider]]),
    })
    worker = new Worker({
      queue: keys.queue('email'),
      store,
      bus: silentBus,
      clock,
      log,
      handler: deliveries.handle,
      concurrency: CONCURRENCY,
    })
  })

  afterEach(async () => {
    await worker.stop(5_000)
    await provider.close()
    await bench.store.close()
    await smtp.stop()
  })

  async function statusOf(id: string): Promise<DeliveryJob> {
    const key = queueKeys.job(bench.keys.queue('email'), id)
    return JSON.parse((await bench.store.get(0, key)) ?? '{}') as DeliveryJob
  }

  it('[G-01] sends each at least once, and twice no more than were in flight', async () => {
    const replies = await Promise.all(
      Array.from({ length: MAILS }, (_, n) =>
        bench.service.queueEmail({ ...PLAIN_MAIL, to: [`u${n}@example.com`] }, ownWork),
      ),
    )
    await worker.start()
    await waitFor(() => smtp.mails.length >= MAILS / 4)
    await smtp.stop()
    await waitFor(async () => {
      const { scheduled } = await bench.store.depth(0, bench.keys.queue('email'))
      return scheduled >= CONCURRENCY
    })
    const beforeItCameBack = smtp.mails.length
    await smtp.start()

    await waitFor(async () => {
      bench.clock.advance(1_000)
      const jobs = await Promise.all(replies.map(({ email_id }) => statusOf(email_id)))
      return jobs.every(({ status }) => status === 'sent')
    })
    expect(beforeItCameBack).toBeLessThan(MAILS)
    const recipients = smtp.mails.map(({ to }) => to[0])
    expect(new Set(recipients).size).toBe(MAILS)
    expect(recipients.length - MAILS).toBeLessThanOrEqual(CONCURRENCY)
    const { failed } = await bench.store.depth(0, bench.keys.queue('email'))
    expect(failed).toBe(0)
  })
})
