import {
  type Merge,
  mergeSms,
  mergeVoice,
  type PhoneContent,
} from '../../services/channels/bundle.ts'
import type { Provider, SendOutcome } from '../../services/channels/channel.ts'
import { guarded } from '../../services/channels/guarded.ts'
import { GuardedSender } from '../../services/channels/http/guarded-sender.ts'
import { Lockout } from '../../services/channels/lockout.ts'
import { PhoneGate } from '../../services/channels/phone-gate.ts'
import { PhoneMeter } from '../../services/channels/phone-meter.ts'
import { withReplyCode } from '../../services/channels/reply-code.ts'
import { TwilioSms } from '../../services/channels/sms-twilio.ts'
import { Throttle } from '../../services/channels/throttle.ts'
import { TwilioAccount } from '../../services/channels/twilio-account.ts'
import { TwilioVoice } from '../../services/channels/voice-twilio.ts'
import { PhoneBudget } from '../../services/telephone/phone-budget.ts'
import type { TwilioConfig } from '../config/providers-config.ts'
import type { Pacing } from './pacing.ts'
import type { ProviderParts } from './provider-parts.ts'

const HOOKS = '/hooks/twilio'

/** Text messages and calls by Twilio, as far as it is configured for them. */
export function phoneProviders(parts: ProviderParts, pacing: Pacing): [string, Provider][] {
  const { config, services, clock } = parts
  const { twilio, order } = config.providers
  if (twilio === null) return []
  const { accountSid, authToken, apiUrl, from, messagingServiceSid } = twilio
  const sender = new GuardedSender({ clock })
  const account = new TwilioAccount({ accountSid, authToken, apiUrl, sender, clock })
  const base = { account, lockout: new Lockout<SendOutcome>(clock) }
  const url = config.http.publicUrl
  const made: [string, Provider][] = []
  if (order.sms.length > 0) {
    const statusUrl = url === null ? null : `${url}${HOOKS}/status`
    const consent = services.smsConsent
    const sms = new TwilioSms({ ...base, from, messagingServiceSid, statusUrl, consent, clock })
    made.push([
      'sms',
      lineOf('sms', withReplyCode(sms, services.replyCodes), mergeSms, { parts, pacing }),
    ])
  }
  if (order.voice.length > 0 && canCall(twilio)) {
    const hooks =
      url === null ? null : { voice: `${url}${HOOKS}/voice`, status: `${url}${HOOKS}/status` }
    const voice = new TwilioVoice({ ...base, from: from ?? '', hooks })
    made.push(['voice', lineOf('voice', voice, mergeVoice, { parts, pacing })])
  }
  return made
}

/** A sender name or a messaging service can write, but only a number can call. */
function canCall({ from }: TwilioConfig): boolean {
  return from?.startsWith('+') ?? false
}

/** What stands before a provider that costs money and rings: rate, gate, throttle, meter, breaker. */
function lineOf(
  channel: string,
  provider: Provider<PhoneContent>,
  merge: Merge<PhoneContent>,
  { parts, pacing }: { parts: ProviderParts; pacing: Pacing },
): Provider {
  const { config, services, store, keys, clock, log, breakers, limits } = parts
  const { countries, ...budgets } = config.providers.phone
  const consent = services.smsConsent
  const meter = new PhoneMeter({
    provider: guarded(provider, breakers.add(channel, provider.name)),
    budget: new PhoneBudget({ store, keys, limits: budgets }),
    consent,
  })
  const addressOf = ({ phone }: PhoneContent) => phone
  const throttled = config.providers.throttle
    ? new Throttle({ channel, provider: meter, limits, addressOf, merge, clock, log })
    : meter
  return pacing(new PhoneGate({ provider: throttled, countries, consent })) as Provider
}
