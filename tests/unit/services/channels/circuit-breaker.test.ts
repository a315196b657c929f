import { describe, expect, it } from 'vitest'
import type { Provider, SendOutcome } from '../../../../services/channels/channel.ts'
import { CircuitBreaker } from '../../../../services/channels/circuit-breaker.ts'
import { guarded } from '../../../../services/channels/guarded.ts'
import { makeJob } from '../../../../services/deliveries/delivery-job.ts'
import { Delivery } from '../../../support/delivery.ts'
import { FakeClock } from '../../../support/fake-clock.ts'

const job = makeJob({ id: 'j', channel: 'sms', priority: 'normal', content: {}, now: 0 })
const down: SendOutcome = { status: 'unreachable', reason: 'nobody answers' }
const sent: SendOutcome = { status: 'sent' }

/** A provider that says what it is told to, behind a breaker. */
function makeLine() {
  const clock = new FakeClock()
  const openings: string[] = []
  const breaker = new CircuitBreaker({ clock, onOpen: (reason) => openings.push(reason) })
  const line = { answer: down as SendOutcome | Error, asked: 0 }
  const vendor: Provider = {
    name: 'vendor',
    async send() {
      line.asked += 1
      if (line.answer instanceof Error) throw line.answer
      return line.answer
    },
  }
  const provider = guarded(vendor, breaker)
  const send = () => provider.send(job, new AbortController().signal)
  const sendTimes = async (times: number) => {
    for (let n = 0; n < times; n++) await send().catch(() => undefined)
  }
  return { clock, breaker, provider, line, send, sendTimes, openings }
}

describe('a circuit breaker', () => {
  it('does not stay open for an hour when the clock is set back by one', async () => {
    const { clock, line, send, sendTimes } = makeLine()
    await sendTimes(5)
    line.answer = sent
    clock.leap(-3_600_000)
    expect(await send()).toMatchObject({ status: 'sent' })
    expect(line.asked).toBe(6)
  })

  it('opens after five failures in a row and lets nothing through for 30 seconds', async () => {
    const { clock, breaker, line, send, sendTimes, openings } = makeLine()
    await sendTimes(4)
    expect(breaker.report.state).toBe('closed')
    await sendTimes(1)
    expect(breaker.report).toMatchObject({ state: 'open', failures: 5, reason: 'nobody answers' })
    expect(openings).toEqual(['nobody answers'])
    clock.advance(29_999)
    expect(await send()).toMatchObject({
      status: 'unreachable',
      reason: expect.stringContaining('circuit_open'),
    })
    expect(line.asked).toBe(5)
  })

  it('then tries one, and closes when that goes well', async () => {
    const { clock, breaker, line, send, sendTimes } = makeLine()
    await sendTimes(5)
    clock.advance(30_000)
    line.answer = sent
    expect(await send()).toEqual(sent)
    expect(breaker.report).toEqual({ state: 'closed', failures: 0, reason: null, retryAt: null })
  })

  it('opens again when that one fails', async () => {
    const { clock, breaker, line, sendTimes, openings } = makeLine()
    await sendTimes(5)
    clock.advance(30_000)
    expect(breaker.report.state).toBe('half_open')
    await sendTimes(2)
    expect(line.asked).toBe(6)
    expect(breaker.report.state).toBe('open')
    expect(openings).toHaveLength(2)
  })

  it('lets one through at a time while it is half open', () => {
    const { clock, breaker } = makeLine()
    for (let n = 0; n < 5; n++) breaker.pass()?.failed('down')
    clock.advance(30_000)
    const probe = breaker.pass()
    expect(breaker.pass()).toBeNull()
    probe?.dismissed()
    expect(breaker.pass()).not.toBeNull()
  })

  it('does not count what began before it opened or closed', () => {
    const { clock, breaker } = makeLine()
    const early = [breaker.pass(), breaker.pass()]
    for (let n = 0; n < 5; n++) breaker.pass()?.failed('down')
    early[0]?.succeeded()
    expect(breaker.report.state).toBe('open')
    clock.advance(30_000)
    breaker.pass()?.succeeded()
    early[1]?.failed('late news')
    expect(breaker.report).toMatchObject({ state: 'closed', failures: 0 })
  })

  it.each<[string, SendOutcome]>([
    ['names the time at which it takes more', { status: 'retry', reason: '429', retryAfterMs: 1 }],
    ['speaks of one recipient', { status: 'retry', reason: '450', isAboutRecipient: true }],
    ['refuses for good', { status: 'failed', reason: 'no such number' }],
  ])('stays closed for a provider that %s', async (_what, answer) => {
    const { breaker, line, sendTimes } = makeLine()
    line.answer = answer
    await sendTimes(20)
    expect(breaker.report.state).toBe('closed')
    expect(line.asked).toBe(20)
  })

  it('counts a refusal for now, and a lost answer', async () => {
    for (const status of ['retry', 'uncertain'] as const) {
      const { breaker, line, sendTimes } = makeLine()
      line.answer = { status, reason: 'no answer' }
      await sendTimes(5)
      expect(breaker.report.state).toBe('open')
    }
  })

  it('does not take a bug of ours for a failure of the vendor, and passes it on', async () => {
    const { breaker, line, send, sendTimes } = makeLine()
    line.answer = new Error('a bug')
    await expect(send()).rejects.toThrow('a bug')
    await sendTimes(20)
    expect(breaker.report.state).toBe('closed')
  })

  it('says when to come again: when it lets somebody through, or soon after who is asking now', async () => {
    const { clock, send, sendTimes, line } = makeLine()
    await sendTimes(5)
    clock.advance(10_000)
    expect(await send()).toMatchObject({ status: 'unreachable', retryAfterMs: 20_000 })
    clock.advance(20_000)
    line.answer = sent
    const probe = send()
    expect(await send()).toMatchObject({ status: 'unreachable', retryAfterMs: 1_000 })
    expect(await probe).toEqual(sent)
    expect(await send()).toEqual(sent)
  })

  it('keeps a delivery no longer than it is open and a few seconds more', async () => {
    const { clock, breaker, provider, line, sendTimes } = makeLine()
    await sendTimes(5)
    const delivery = new Delivery(provider, clock, 'sms', {})
    for (let n = 0; n < 6; n++) {
      const { history } = delivery.job
      await delivery.attempt()
      expect(delivery.job.history.length).toBeGreaterThan(history.length)
      const waitMs = delivery.job.send_at * 1000 - clock.now()
      const openMs = Math.max(breaker.closedForMs, 1_000)
      expect(waitMs).toBeLessThanOrEqual(openMs + 8_000)
      // Somebody else finds out that it is still away.
      clock.advance(openMs)
      await sendTimes(1)
    }
    line.answer = sent
    while (delivery.waiting) await delivery.attempt()
    expect(delivery.job).toMatchObject({ status: 'sent', attempts: 1 })
  })
})
