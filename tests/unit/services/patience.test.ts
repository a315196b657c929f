import { describe, expect, it } from 'vitest'
import type { Provider, SendOutcome } from '../../../services/channels/channel.ts'
import { Delivery } from '../../support/delivery.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { DAY_MS, HOUR_MS } from '../../support/flow-bench.ts'

const AWAY: SendOutcome = { status: 'unreachable', reason: 'the server is away' }

describe('how long a provider that is away is waited for', () => {
  function waiting(outcomes: (n: number) => SendOutcome, sendInMs = 0) {
    const clock = new FakeClock()
    let asked = 0
    const provider: Provider = { name: 'smtp', send: async () => outcomes(asked++) }
    const delivery = new Delivery(provider, clock, 'email', {})
    delivery.job = { ...delivery.job, send_at: (clock.now() + sendInMs) / 1000 }
    return { clock, delivery }
  }

  it('a delivery that was accepted days ago waits for its provider like any other', async () => {
    const outcomes = [AWAY, { status: 'sent' }] as const
    const { delivery } = waiting((n) => outcomes[n]!, 3 * DAY_MS)
    expect(await delivery.attempt()).toBe('queued')
    expect(await delivery.attempt()).toBe('sent')
    expect(delivery.job).toMatchObject({ attempts: 1 })
    expect(delivery.job).not.toHaveProperty('unreachable_since')
  })

  it('a day after it was found away the delivery fails', async () => {
    const { clock, delivery } = waiting(() => AWAY, 3 * DAY_MS)
    await delivery.attempt()
    clock.advance(DAY_MS - HOUR_MS)
    expect(await delivery.attempt()).toBe('queued')
    clock.advance(2 * HOUR_MS)
    expect(await delivery.attempt()).toBe('failed')
    expect(delivery.job.attempts).toBe(0)
  })

  it('the day begins anew once the provider has answered, and goes on while the delivery waits its turn', async () => {
    const outcomes: readonly SendOutcome[] = [
      AWAY,
      { status: 'retry', reason: 'busy' },
      AWAY,
      { status: 'postponed', reason: 'not yet', retryAfterMs: 1 },
      AWAY,
    ]
    const { clock, delivery } = waiting((n) => outcomes[n]!)
    await delivery.attempt()
    await delivery.attempt()
    clock.advance(DAY_MS)
    expect(await delivery.attempt()).toBe('queued')
    await delivery.attempt()
    clock.advance(DAY_MS + HOUR_MS)
    expect(await delivery.attempt()).toBe('failed')
  })
})
