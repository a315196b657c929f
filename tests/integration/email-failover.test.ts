import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { CircuitBreaker } from '../../services/channels/circuit-breaker.ts'
import { SmtpProvider } from '../../services/channels/email-smtp.ts'
import { Failover } from '../../services/channels/failover.ts'
import { guarded } from '../../services/channels/guarded.ts'
import { Delivery } from '../support/delivery.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { startSmtp, type TestSmtp } from '../support/smtp.ts'

const MAIL = { to: 'ada@example.com', subject: 'S', body: 'B' }

describe('two mail servers', () => {
  let first: TestSmtp
  let second: TestSmtp
  let clock: FakeClock
  let breakers: Record<string, CircuitBreaker>
  let email: Failover<never>

  beforeEach(async () => {
    clock = new FakeClock()
    const servers = await Promise.all([startSmtp(), startSmtp()])
    ;[first, second] = servers
    breakers = {}
    email = new Failover(
      servers.map(({ url }, index) => {
        const name = `smtp${index + 1}`
        const breaker = new CircuitBreaker({ clock })
        breakers[name] = breaker
        return guarded(new SmtpProvider({ name, url, from: 'a@example.com', clock }), breaker)
      }),
    )
  })

  afterEach(async () => {
    await email.close()
    await Promise.all([first.stop(), second.stop()])
  })

  const deliver = (content: object = MAIL) => new Delivery(email, clock, 'email', content)

  it('use the first while it takes mails', async () => {
    const delivery = deliver()
    expect(await delivery.attempt()).toBe('sent')
    expect(delivery.job.history).toMatchObject([{ provider: 'smtp1', outcome: 'sent' }])
    expect(second.attempts).toBe(0)
  })

  it('use the second once when the first refuses for now, in the same try', async () => {
    first.behave({ code: 451 })
    const delivery = deliver()
    expect(await delivery.attempt()).toBe('sent')
    expect(delivery.job).toMatchObject({
      attempts: 1,
      history: [
        {
          ...{ provider: 'smtp2', outcome: 'sent' },
          parts: [{ provider: 'smtp1', outcome: 'retry', reason: expect.stringContaining('451') }],
        },
      ],
    })
    expect([first.mails.length, second.mails.length]).toEqual([0, 1])
  })

  it('do not hand on what the first refuses for good', async () => {
    first.behave({ code: 550 })
    const delivery = deliver()
    expect(await delivery.attempt()).toBe('failed')
    expect(delivery.job.history).toMatchObject([{ provider: 'smtp1', outcome: 'failed' }])
    expect(second.attempts).toBe(0)
  })

  it('send the second nothing for those whom the first took', async () => {
    first.behave((to) => (to === 'slow@example.com' ? { code: 450, at: 'rcpt' } : 'accept'))
    const delivery = deliver({ ...MAIL, to: ['ada@example.com', 'slow@example.com'] })
    expect(await delivery.attempt()).toBe('sent')
    expect(first.mails.map(({ to }) => to)).toEqual([['ada@example.com']])
    expect(second.mails.map(({ to }) => to)).toEqual([['slow@example.com']])
  })

  it('go back to the first when its breaker has closed', async () => {
    await first.stop()
    for (let n = 0; n < 6; n++) expect(await deliver().attempt()).toBe('sent')
    expect(breakers.smtp1?.report.state).toBe('open')
    expect(second.mails).toHaveLength(6)
    await first.start()
    expect(await deliver().attempt()).toBe('sent')
    expect(first.mails).toHaveLength(0)
    clock.advance(30_000)
    const delivery = deliver()
    expect(await delivery.attempt()).toBe('sent')
    expect(delivery.job.history).toMatchObject([{ provider: 'smtp1' }])
    expect(breakers.smtp1?.report.state).toBe('closed')
    expect([first.mails.length, second.mails.length]).toEqual([1, 7])
  })

  it('both away use no try up, and say so of both', async () => {
    await Promise.all([first.stop(), second.stop()])
    const delivery = deliver()
    for (let n = 0; n < 8; n++) expect(await delivery.attempt()).toBe('queued')
    expect(delivery.job.attempts).toBe(0)
    expect(delivery.job.history[0]).toMatchObject({
      outcome: 'unreachable',
      parts: [{ provider: 'smtp1' }, { provider: 'smtp2' }],
    })
    await second.start()
    clock.advance(30_000)
    expect(await delivery.attempt()).toBe('sent')
    expect(second.mails).toHaveLength(1)
  })

  it('of which one refuses and one is away use a try, and the mail fails in the end', async () => {
    await first.stop()
    second.behave({ code: 451 })
    const delivery = deliver()
    while (delivery.waiting) await delivery.attempt()
    expect(delivery.job).toMatchObject({ status: 'failed', attempts: 3 })
  })
})
