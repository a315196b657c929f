import { ActionProvider } from '../../services/channels/action.ts'
import { mergeEmail } from '../../services/channels/bundle.ts'
import type { Provider } from '../../services/channels/channel.ts'
import { DestinationLimits } from '../../services/channels/destination-limits.ts'
import type { EmailContent } from '../../services/channels/email-content.ts'
import { SmtpProvider } from '../../services/channels/email-smtp.ts'
import { Failover } from '../../services/channels/failover.ts'
import { guarded } from '../../services/channels/guarded.ts'
import { GuardedSender } from '../../services/channels/http/guarded-sender.ts'
import { KeptSchemes } from '../../services/channels/kept-schemes.ts'
import { linked } from '../../services/channels/linked.ts'
import { MqttProvider } from '../../services/channels/mqtt.ts'
import { OutboxProvider } from '../../services/channels/outbox-provider.ts'
import { Throttle } from '../../services/channels/throttle.ts'
import { CHANNELS } from '../../services/deliveries/channel-policy.ts'
import { actionTopics } from './action-topics.ts'
import type { Pacing } from './pacing.ts'
import { phoneProviders } from './phone-providers.ts'
import { postingProviders, unconfiguredSchemes } from './posting-providers.ts'
import type { ProviderParts } from './provider-parts.ts'
import { pushProvider } from './push-provider.ts'

/** Who delivers for each channel: what is configured, and the outbox for the rest. */
export function createProviders(given: Omit<ProviderParts, 'limits'>): Map<string, Provider> {
  const parts = { ...given, limits: new DestinationLimits(given) }
  const { config, clock, publisher, services, pacing } = parts
  const providers = new Map<string, Provider>()
  const from = config.providers.mailFrom
  const links = linksOf(parts)
  for (const channel of CHANNELS) {
    if (channel === 'realtime') continue
    const kept = new OutboxProvider({ channel, outbox: services.outbox, clock, from })
    providers.set(channel, linked(kept, links))
  }
  providers.set(
    'mqtt',
    new MqttProvider({
      publish: (topic, payload, how) => publisher.publish(topic, payload, how),
      clock,
    }),
  )
  const schemes = unconfiguredSchemes(config)
  for (const posting of postingProviders(parts)) {
    const outbox = providers.get(posting.name)!
    const provider = linked(posting, links)
    providers.set(posting.name, new KeptSchemes({ provider, outbox, schemes }) as Provider)
  }
  providers.set('action', actionProvider(parts))
  for (const [channel, provider] of phoneProviders(parts, pacing)) providers.set(channel, provider)
  const email = emailProvider(parts, pacing)
  if (email) providers.set('email', email)
  const push = pushProvider(parts, providers.get('push')!)
  if (push) providers.set('push', linked(pacing(push), links) as Provider)
  return providers
}

function linksOf({ config, services }: ProviderParts) {
  return { signer: services.linkSigner, tracking: config.providers.mailTracking }
}

/** Carries out what people choose to do about their notifications. */
function actionProvider({ config, clock, publisher, services }: ProviderParts): Provider {
  return new ActionProvider({
    publish: (topic, payload, how) => publisher.publish(topic, payload, how),
    sender: new GuardedSender({ clock, allow: config.outboundAllow }),
    secretsOf: services.webhookSecrets.of,
    mayPublish: actionTopics(config.actionTopics),
    clock,
  }) as Provider
}

/** The mail servers in their order, each with its breaker; `null`: there is none. */
function emailProvider(parts: ProviderParts, pacing: Pacing): Provider | null {
  const { config, breakers, limits, clock, log } = parts
  const { smtp, mailFrom, throttle } = config.providers
  if (smtp.length === 0) return null
  const servers = smtp.map((server) => {
    const provider = new SmtpProvider({ ...server, from: mailFrom, clock })
    return guarded(linked(pacing(provider), linksOf(parts)), breakers.add('email', server.name))
  })
  const email = servers.length === 1 ? servers[0]! : new Failover(servers)
  if (!throttle) return email as Provider
  const throttled = { channel: 'email', provider: email, merge: mergeEmail, limits, clock, log }
  return new Throttle<EmailContent>({ ...throttled, addressOf: alertAddress }) as Provider
}

/** Only mails that speak of alerts are held back. */
function alertAddress(job: EmailContent): string | null {
  return 'alert_id' in job && typeof job.to === 'string' ? job.to : null
}
