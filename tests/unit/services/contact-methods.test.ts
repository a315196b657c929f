import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { AlertBench } from '../../support/alert-bench.ts'

let bench: AlertBench
beforeEach(async () => {
  bench = new AlertBench()
  await bench.person('ada')
})
afterEach(() => bench.store.close())

const contacts = () => bench.services.contacts
const isProved = async () =>
  (await contacts().list('ada')).map(({ kind, verified_at }) => [kind, verified_at !== null])

describe('ContactMethods', () => {
  it('prove a telephone by a code that is sent and typed back', async () => {
    expect(await isProved()).toEqual([
      ['email', false],
      ['phone', false],
    ])
    expect(await contacts().sendCode('ada', 'phone')).toEqual({ status: 'code_sent' })
    const code = await bench.codeSent()
    expect(code).toMatch(/^\d{6}$/)
    expect(await contacts().verify('ada', 'phone', code)).toEqual({ status: 'verified' })
    expect(await isProved()).toContainEqual(['phone', true])
    const mayUse = await contacts().verified('ada')
    expect(['sms', 'voice', 'email', 'push'].map((one) => mayUse(one as 'sms'))).toEqual([
      ...[true, true, false, true],
    ])
    await expect(contacts().verify('ada', 'phone', code)).rejects.toThrow('ask for a new one')
  })

  it('must be proved again when the address changes', async () => {
    await bench.provePhone('ada')
    await bench.services.directory.save('ada', { phone: '+12025550199' })
    expect(await isProved()).toContainEqual(['phone', false])
  })

  it('refuse a wrong code, and after five of them the right one too', async () => {
    await contacts().sendCode('ada', 'phone')
    const code = await bench.codeSent()
    const wrong = code === '000000' ? '000001' : '000000'
    for (let tries = 0; tries < 5; tries++) {
      await expect(contacts().verify('ada', 'phone', wrong)).rejects.toThrow('not the code')
    }
    await expect(contacts().verify('ada', 'phone', code)).rejects.toThrow('ask for a new one')
  })

  it('let a code end after a quarter of an hour, and send one a minute', async () => {
    await contacts().sendCode('ada', 'phone')
    const code = await bench.codeSent()
    await expect(contacts().sendCode('ada', 'phone')).rejects.toMatchObject({ code: 'conflict' })
    bench.clock.advance(15 * 60_000)
    await expect(contacts().verify('ada', 'phone', code)).rejects.toThrow('ask for a new one')
    await contacts().sendCode('ada', 'phone')
  })

  it('know nothing of an address that is not there', async () => {
    await expect(contacts().sendCode('joan', 'email')).rejects.toMatchObject({
      code: 'invalid_payload',
    })
  })
})

describe('a personal rule', () => {
  it('for an address that was not proved does not count', async () => {
    const sms = { channel: 'sms', delay_minutes: 2, severity: null } as const
    const push = { channel: 'push', delay_minutes: 0, severity: null } as const
    await bench.services.notificationRules.save('ada', [push, sms])
    await bench.onCall('fire', 'ada')
    await bench.raise()
    await bench.pass(2.5)
    expect(await bench.heard('ada')).toHaveLength(1)

    await bench.provePhone('ada')
    await bench.raise({ source: 'hall 4' })
    await bench.pass(2)
    expect((await bench.heard('ada')).at(-1)?.channels).toEqual(['sms'])
  })
})
