import { createHmac, timingSafeEqual } from 'node:crypto'

interface SignedForm {
  readonly authToken: string
  /** The URL as Twilio called it, with its query. */
  readonly url: string
  /** The fields of the form; one that came several times is a list. */
  readonly form: Readonly<Record<string, unknown>>
  /** The header `X-Twilio-Signature`. */
  readonly signature: string
}

/**
 * Whether Twilio sent a form: HMAC-SHA1 with the account's token over the URL
 * and the fields in order of their names, each followed by its value (Twilio,
 * "Webhooks security").
 */
export function isSignedByTwilio({ authToken, url, form, signature }: SignedForm): boolean {
  const fields = Object.keys(form)
    .sort()
    .flatMap((name) => valuesOf(form[name]).map((value) => name + value))
  const expected = createHmac('sha1', authToken)
    .update(url + fields.join(''))
    .digest()
  const given = Buffer.from(signature, 'base64')
  return given.length === expected.length && timingSafeEqual(given, expected)
}

function valuesOf(value: unknown): string[] {
  return [...new Set([value].flat().map(String))].sort()
}
