import { parsePhoneNumberFromString } from 'libphonenumber-js/max'

/** What a number's plan says of it. */
export interface PhonePlan {
  /** ISO 3166-1 alpha-2; `null` where the plan belongs to none, as +800 does. */
  readonly country: string | null
  /** Whether calling it costs the caller extra, or pays its owner. */
  readonly isPremium: boolean
}

const PREMIUM: readonly string[] = ['PREMIUM_RATE', 'SHARED_COST', 'UAN']

/** The plan of a number in E.164 form. */
export function planOf(phone: string): PhonePlan {
  const found = parsePhoneNumberFromString(phone)
  return {
    country: found?.country ?? null,
    isPremium: PREMIUM.includes(found?.getType() ?? ''),
  }
}
