import { baseUrl, limit, listOf, matching, text } from '../values.ts'
import { optional, withDefault } from '../variable.ts'
import { OUTBOX, PROVIDERS } from './providers.ts'

/** Text messages and calls. */
export const TELEPHONE = {
  TWILIO_ACCOUNT_SID: optional(matching('a SID that begins with AC', /^AC\w{1,64}$/), {
    about: 'The account at Twilio.',
    example: 'ACxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx',
    otherwise: OUTBOX,
  }),
  TWILIO_AUTH_TOKEN: optional(text, {
    about: 'Its token; also proves the status callbacks.',
    otherwise: 'none',
    secrecy: 'all',
  }),
  TWILIO_FROM: optional(
    matching('a number such as +14155550100, or a sender name', /^(\+\d{5,15}|[\w .-]{1,32})$/),
    {
      about: 'The number that sends and calls.',
      example: '+14155550100',
      otherwise: 'TWILIO_MESSAGING_SERVICE_SID',
      aliases: ['TWILIO_PHONE_NUMBER', 'TWILIO_FROM_NUMBER'],
    },
  ),
  TWILIO_MESSAGING_SERVICE_SID: optional(matching('a SID that begins with MG', /^MG\w{1,64}$/), {
    about: 'The messaging service that sends, in place of a number.',
    otherwise: 'TWILIO_FROM',
  }),
  TWILIO_API_URL: optional(baseUrl, {
    about: 'Another base URL for the Twilio client.',
    otherwise: "Twilio's own",
  }),
  SMS_PROVIDERS: optional(PROVIDERS, {
    about: 'Providers of text messages, in order: twilio, or outbox.',
    example: 'twilio',
    otherwise: 'the configured one',
  }),
  VOICE_PROVIDERS: optional(PROVIDERS, {
    about: 'Providers of calls, in order: twilio, or outbox.',
    example: 'twilio',
    otherwise: 'the configured one',
  }),
  SMS_COUNTRIES: optional(listOf('two-letter codes of countries, such as FR', readCountry), {
    about: 'Countries whose numbers are written to and called.',
    example: 'FR,DE,US',
    otherwise: 'all',
  }),
  SMS_BUDGET_NUMBER: withDefault('50', limit, {
    about: 'Most text messages, and most calls, to one number in a day; off for no limit.',
  }),
  SMS_BUDGET_PREFIX: withDefault('200', limit, {
    about: 'The same to all numbers that differ in their last four digits only, in an hour.',
  }),
  SMS_BUDGET_DAY: withDefault('10000', limit, {
    about: 'The same in all in a day, text messages counted in parts. Alerts are counted apart.',
  }),
}

function readCountry(item: string): string | undefined {
  return /^[a-z]{2}$/i.test(item) ? item.toUpperCase() : undefined
}
