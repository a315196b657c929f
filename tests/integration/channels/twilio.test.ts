import twilio from 'twilio'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { PhoneContent } from '../../../services/channels/bundle.ts'
import type { Provider } from '../../../services/channels/channel.ts'
import { GuardedSender } from '../../../services/channels/http/guarded-sender.ts'
import { Lockout } from '../../../services/channels/lockout.ts'
import { withReplyCode } from '../../../services/channels/reply-code.ts'
import { TwilioSms } from '../../../services/channels/sms-twilio.ts'
import { TwilioAccount } from '../../../services/channels/twilio-account.ts'
import { TwilioVoice } from '../../../services/channels/voice-twilio.ts'
import type { ReplyCodes } from '../../../services/telephone/reply-codes.ts'
import { systemClock } from '../../../src/support/clock.ts'
import { Delivery } from '../../support/delivery.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { startTwilio, TWILIO, type Twilio } from '../../support/vendors/twilio.ts'

const SMS = { phone: '+1 (202) 555-0123', message: 'Größe & Preis: 5 €' }

describe('Twilio', () => {
  let vendor: Twilio
  let sender: GuardedSender
  let clock: FakeClock
  let optOuts: unknown[]

  beforeAll(async () => {
    vendor = await startTwilio()
  })
  afterAll(() => vendor.stop())
  beforeEach(() => {
    clock = new FakeClock()
    sender = new GuardedSender({ clock: systemClock, timeoutMs: 10_000 })
    optOuts = []
    vendor.clear()
    vendor.behave('normal')
  })
  afterEach(() => sender.close())

  /** From now on nobody waits long for an answer. */
  async function makeHasty(): Promise<void> {
    await sender.close()
    sender = new GuardedSender({ clock: systemClock, timeoutMs: 1_000 })
  }

  function account(over: { authToken?: string; apiUrl?: string } = {}) {
    const { accountSid, authToken } = TWILIO
    return new TwilioAccount({
      ...{ accountSid, authToken, apiUrl: vendor.url, sender, clock },
      ...over,
    })
  }

  function sms(over: Partial<ConstructorParameters<typeof TwilioSms>[0]> = {}) {
    return new TwilioSms({
      account: account(),
      lockout: new Lockout(clock),
      ...{ from: TWILIO.from, messagingServiceSid: null, clock },
      statusUrl: 'https://belfry.example/hooks/twilio/status',
      consent: {
        async optOut(phone, reason) {
          optOuts.push([phone, reason])
        },
      },
      ...over,
    })
  }

  const deliver = (content: Partial<PhoneContent> = {}, provider: Provider<PhoneContent> = sms()) =>
    new Delivery(provider as Provider, clock, 'sms', { ...SMS, ...content })

  it('is not taken for having it when a page answers in its place', async () => {
    vendor.behave({ status: 200, body: '<html>Please log in</html>' })
    const delivery = deliver()
    expect(await delivery.attempt()).toBe('uncertain')
    expect(delivery.reasons[0]).toContain('without saying whether')
  })

  it('gets a long alert cut before the code that answers it, not after', async () => {
    const codes = { codeFor: async () => '12' } as unknown as ReplyCodes
    const content = { message: 'full '.repeat(400), alert_id: 'a-1' }
    expect(await deliver(content, withReplyCode(sms(), codes)).attempt()).toBe('sent')
    const body = vendor.taken[0]!.form.get('Body') ?? ''
    expect(body).toMatch(/…\n\nReply 12a to acknowledge, 12c to close\.$/)
    expect(body).toHaveLength(1600)
  })

  it('gets a text message in one form, with where to tell what becomes of it', async () => {
    const delivery = deliver()
    expect(await delivery.attempt()).toBe('sent')
    const [{ sid, form }] = vendor.taken as [(typeof vendor.taken)[0]]
    expect(Object.fromEntries(form)).toEqual({
      To: '+12025550123',
      From: TWILIO.from,
      Body: SMS.message,
      ValidityPeriod: '14400',
      StatusCallback: `https://belfry.example/hooks/twilio/status?delivery=${delivery.job.id}`,
    })
    expect(delivery.job.history).toMatchObject([{ provider: 'twilio', outcome: 'sent', id: sid }])
  })

  it('is given a messaging service in place of a number, and no hook that it cannot reach', async () => {
    const messagingServiceSid = 'MG00000000000000000000000000000001'
    const provider = sms({ messagingServiceSid, statusUrl: null })
    expect(await deliver({}, provider).attempt()).toBe('sent')
    const form = vendor.taken[0]!.form
    expect(form.get('MessagingServiceSid')).toBe(messagingServiceSid)
    expect([form.get('From'), form.get('StatusCallback')]).toEqual([null, null])
  })

  it('gets no text that it would refuse for its length', async () => {
    expect(await deliver({ message: 'x'.repeat(2000) }).attempt()).toBe('sent')
    expect(vendor.taken[0]!.form.get('Body')).toHaveLength(1600)
  })

  it('signs its callbacks as its own library checks them', async () => {
    const heard: { url: string; signature: string; body: string }[] = []
    const { createServer } = await import('node:http')
    const hook = createServer(async (request, response) => {
      const chunks: Buffer[] = []
      for await (const chunk of request) chunks.push(chunk as Buffer)
      const signature = String(request.headers['x-twilio-signature'])
      heard.push({ url: request.url ?? '', signature, body: Buffer.concat(chunks).toString() })
      response.end()
    })
    await new Promise<void>((resolve) => hook.listen(0, '127.0.0.1', resolve))
    const { port } = hook.address() as { port: number }
    const base = `http://127.0.0.1:${port}`
    await deliver({}, sms({ statusUrl: `${base}/hooks/twilio/status` })).attempt()
    await vendor.tell(vendor.taken[0]!, 'delivered')
    hook.close()
    const [{ url, signature, body }] = heard as [(typeof heard)[0]]
    const form = Object.fromEntries(new URLSearchParams(body))
    expect(twilio.validateRequest(TWILIO.authToken, signature, base + url, form)).toBe(true)
    expect(form).toMatchObject({ MessageStatus: 'delivered' })
  })

  describe('on a bad day', () => {
    it.each([
      ['+12025550001', 21211],
      ['+12025550014', 21614],
      ['+12025550008', 21408],
    ])('that refuses %s for good (%i) is not asked again', async (phone, code) => {
      const delivery = deliver({ phone })
      expect(await delivery.attempt()).toBe('failed')
      expect(delivery.job).toMatchObject({ attempts: 1 })
      expect(delivery.reasons[0]).toContain(String(code))
      expect(vendor.attempts).toBe(1)
    })

    it('that says the number unsubscribed (21610) is believed', async () => {
      expect(await deliver({ phone: '+12025550010' }).attempt()).toBe('failed')
      expect(optOuts).toEqual([['+12025550010', { userId: null, source: 'provider' }]])
    })

    it('that is asked too often is left alone as long as it says', async () => {
      const body = { code: 20429, message: 'Too Many Requests', status: 429 }
      vendor.behave({ status: 429, headers: { 'retry-after': '120' }, body })
      const delivery = deliver()
      const before = clock.now()
      expect(await delivery.attempt()).toBe('queued')
      expect(delivery.job.send_at * 1000).toBeGreaterThanOrEqual(before + 120_000)
      vendor.behave('normal')
      expect(await delivery.attempt()).toBe('sent')
      expect(delivery.job.attempts).toBe(2)
    })

    it('that answers 503 in HTML for a while gets it later, once', async () => {
      vendor.behave({ status: 503, body: '<html>Service Unavailable</html>' })
      const delivery = deliver()
      expect(await delivery.attempt()).toBe('queued')
      expect(await delivery.attempt()).toBe('queued')
      vendor.behave('normal')
      expect(await delivery.attempt()).toBe('sent')
      expect(vendor.taken).toHaveLength(1)
    })

    it('that answers 503 for good uses three tries', async () => {
      vendor.behave({ status: 503 })
      const delivery = deliver()
      while (delivery.waiting) await delivery.attempt()
      expect(delivery.job).toMatchObject({ status: 'failed', attempts: 3 })
      expect(vendor.attempts).toBe(3)
    })

    it.each(['hang', 'reset'] as const)(
      'that has the request and says nothing (%s) is not asked again: it is uncertain',
      async (behaviour) => {
        if (behaviour === 'hang') await makeHasty()
        vendor.behave(behaviour)
        const delivery = deliver()
        expect(await delivery.attempt()).toBe('uncertain')
        expect(delivery.waiting).toBe(false)
        expect(delivery.job.history).toMatchObject([{ outcome: 'uncertain' }])
        expect(vendor.attempts).toBe(1)
      },
    )

    it('whose answer breaks off has taken it', async () => {
      vendor.behave('half')
      expect(await deliver().attempt()).toBe('sent')
      expect(vendor.taken).toHaveLength(1)
    })

    it('that cannot be reached uses no try up', async () => {
      const apiUrl = 'http://127.0.0.1:1'
      const delivery = deliver({}, sms({ account: account({ apiUrl }) }))
      for (let n = 0; n < 4; n++) expect(await delivery.attempt()).toBe('queued')
      expect(delivery.job).toMatchObject({ attempts: 0 })
      expect(delivery.job.history[0]).toMatchObject({ outcome: 'unreachable' })
    })

    it('that does not know the token is not asked again for a minute, and nothing is lost', async () => {
      const provider = sms({ account: account({ authToken: 'wrong' }) })
      const first = deliver({}, provider)
      expect(await first.attempt()).toBe('queued')
      expect(first.reasons[0]).toContain('bad_credentials')
      await deliver({}, provider).attempt()
      expect(vendor.attempts).toBe(1)
      clock.advance(60_000)
      await deliver({}, provider).attempt()
      expect(vendor.attempts).toBe(2)
      expect(first.job).toMatchObject({ attempts: 0, status: 'queued' })
    })
  })

  describe('calls', () => {
    const voice = (hooks: { voice: string; status: string } | null) =>
      new TwilioVoice({
        account: account(),
        lockout: new Lockout(clock),
        from: TWILIO.from,
        hooks,
      }) as Provider

    it('read an alert out and take a key', async () => {
      const hooks = { voice: 'https://b.example/voice', status: 'https://b.example/status' }
      const content = { phone: '+12025550123', message: 'Disk <full> & hot\u0007', alert_id: 'a1' }
      const delivery = new Delivery(voice(hooks), clock, 'voice', content)
      expect(await delivery.attempt()).toBe('sent')
      const [{ kind, form }] = vendor.taken as [(typeof vendor.taken)[0]]
      expect(kind).toBe('voice')
      expect(form.get('StatusCallback')).toBe(
        `https://b.example/status?delivery=${delivery.job.id}`,
      )
      const script = form.get('Twiml') ?? ''
      expect(script).toContain('Disk &lt;full&gt; &amp; hot')
      expect(script).toContain('Press 4 to acknowledge, 6 to resolve, 5 to escalate')
      expect(script).toContain(`action="https://b.example/voice?delivery=${delivery.job.id}"`)
    })

    it('read twice where no key could be told', async () => {
      const delivery = new Delivery(voice(null), clock, 'voice', SMS)
      expect(await delivery.attempt()).toBe('sent')
      const script = vendor.taken[0]!.form.get('Twiml') ?? ''
      expect(script.split('Größe')).toHaveLength(3)
      expect(script).not.toContain('Gather')
    })

    it.each([
      ['twice', null],
      ['with keys', { voice: 'https://b.example/voice', status: 'https://b.example/status' }],
    ])('read %s as much of a long message as fits into a call', async (_, hooks) => {
      const bundle = Array.from({ length: 20 }, () => '019b8e4e-2c00-7c7e-bf0b-0d7a5b3c1a2b')
      const message = `{"a":'b'}&`.repeat(150)
      const delivery = new Delivery(voice(hooks), clock, 'voice', { ...SMS, message, bundle })
      expect(await delivery.attempt(), delivery.reasons[0]).toBe('sent')
      const script = vendor.taken[0]!.form.get('Twiml') ?? ''
      expect(script.length).toBeGreaterThan(2500)
      expect(script).toMatch(/…( Press|<\/Say>)/)
    })

    it('whose answer was lost are not made again', async () => {
      await makeHasty()
      vendor.behave('hang')
      const delivery = new Delivery(voice(null), clock, 'voice', SMS)
      expect(await delivery.attempt()).toBe('uncertain')
    })
  })
})
