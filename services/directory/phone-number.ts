import { parsePhoneNumberFromString } from 'libphonenumber-js'

/**
 * A telephone number in its one E.164 form, `+` and digits; `null` when the
 * text is none. It must begin with `+` and a country code that exists. Number
 * plans change faster than their tables: what is complete passes (ten digits at
 * least, or a length known in that country), and the provider has the last word.
 */
export function parsePhoneNumber(text: string): string | null {
  if (!/^\+[\d ().\-/\u00a0]{5,30}$/.test(text)) return null
  const found = parsePhoneNumberFromString(text)
  if (found === undefined) return null
  return found.isPossible() || /^\+\d{10,15}$/.test(found.number) ? found.number : null
}
