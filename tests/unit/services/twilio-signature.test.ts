import fc from 'fast-check'
import twilio from 'twilio'
import { describe, expect, it } from 'vitest'
import { isSignedByTwilio } from '../../../services/telephone/twilio-signature.ts'

const TOKEN = '12345'
/** The example of Twilio's own documentation. */
const EXAMPLE = {
  authToken: TOKEN,
  url: 'https://example.com/myapp.php?foo=1&bar=2',
  form: {
    CallSid: 'CA1234567890ABCDE',
    Caller: '+14158675310',
    Digits: '1234',
    From: '+14158675310',
    To: '+18005551212',
  },
  signature: 'L/OH5YylLD5NRKLltdqwSvS0BnU=',
}

describe('isSignedByTwilio()', () => {
  it("takes the example of Twilio's documentation", () => {
    expect(isSignedByTwilio(EXAMPLE)).toBe(true)
  })

  it.each([
    ['another token', { authToken: '54321' }],
    ['another address', { url: 'https://example.com/other' }],
    ['another query', { url: 'https://example.com/myapp.php?foo=1&bar=3' }],
    ['another field', { form: { ...EXAMPLE.form, Digits: '1235' } }],
    ['one field more', { form: { ...EXAMPLE.form, Evil: '1' } }],
    ['no signature', { signature: '' }],
    ['half a signature', { signature: EXAMPLE.signature.slice(0, 10) }],
  ])('refuses %s', (_what, change) => {
    expect(isSignedByTwilio({ ...EXAMPLE, ...change })).toBe(false)
  })

  it("agrees with Twilio's own library, whatever the fields", () => {
    const name = fc.stringMatching(/^[A-Za-z][A-Za-z0-9]{0,8}$/)
    const value = fc.oneof(fc.string(), fc.array(fc.string(), { minLength: 1, maxLength: 4 }))
    fc.assert(
      fc.property(fc.dictionary(name, value), fc.boolean(), (form, isForged) => {
        const url = 'https://belfry.example/hooks/twilio/status?delivery=a'
        const token = isForged ? 'forged' : TOKEN
        const signature = twilio.getExpectedTwilioSignature(token, url, form)
        expect(isSignedByTwilio({ authToken: TOKEN, url, form, signature })).toBe(!isForged)
      }),
    )
  })
})
