import { expect, it } from 'vitest'
import type { Provider } from '../../../../services/channels/channel.ts'
import { RatePacer } from '../../../../services/channels/http/rate-pacer.ts'
import { paced } from '../../../../services/channels/paced.ts'
import { Delivery } from '../../../support/delivery.ts'
import { FakeClock } from '../../../support/fake-clock.ts'

it('a provider gets no more than its rate, all in the end, and waiting uses no try up', async () => {
  const clock = new FakeClock()
  const sentAt: number[] = []
  const vendor: Provider = {
    name: 'vendor',
    async send() {
      sentAt.push(clock.now())
      return { status: 'sent' }
    },
  }
  const provider = paced(vendor, new RatePacer(clock), { limit: 3, windowMs: 1000 })
  const deliveries = Array.from({ length: 10 }, () => new Delivery(provider, clock, 'sms', {}))
  for (let round = 0; round < 8; round++) {
    const due = deliveries.filter(
      ({ waiting, job }) => waiting && job.send_at * 1000 <= clock.now(),
    )
    for (const delivery of due) await delivery.attempt()
    clock.advance(1000)
  }
  expect(sentAt).toHaveLength(10)
  const most = Math.max(...sentAt.map((at) => sentAt.filter((t) => t >= at && t < at + 999).length))
  expect(most).toBe(3)
  for (const { job } of deliveries) expect(job.attempts).toBe(1)
})
