import { CHANNELS } from '../../services/channel-policy.ts'
import type { Provider } from '../../services/channels/channel.ts'
import { discordWebhook } from '../../services/channels/discord.ts'
import { SmtpProvider } from '../../services/channels/email-smtp.ts'
import { GuardedSender } from '../../services/channels/http/guarded-sender.ts'
import { HttpProvider } from '../../services/channels/http/http-provider.ts'
import type { Target } from '../../services/channels/http/target.ts'
import { MqttProvider } from '../../services/channels/mqtt.ts'
import { OutboxProvider } from '../../services/channels/outbox-provider.ts'
import { slackBot, slackWebhook } from '../../services/channels/slack.ts'
import { webhookTargets } from '../../services/channels/webhook-targets.ts'
import type { Config } from '../config.ts'
import type { Publisher } from '../mqtt/message.ts'
import type { Clock } from '../support/clock.ts'
import type { Services } from './services.ts'

interface Parts {
  readonly config: Pick<Config, 'providers' | 'outboundAllow'>
  readonly services: Pick<Services, 'outbox' | 'hooks' | 'webhookSecrets'>
  readonly publisher: Publisher
  readonly clock: Clock
}

/** Who delivers for each channel: what is configured, and the outbox for the rest. */
export function createProviders(parts: Parts): Map<string, Provider> {
  const { config, clock, publisher } = parts
  const { outbox } = parts.services
  const from = config.providers.mailFrom
  const providers = new Map<string, Provider>()
  for (const channel of CHANNELS) {
    if (channel === 'realtime') continue
    providers.set(channel, new OutboxProvider({ channel, outbox, clock, from }))
  }
  providers.set(
    'mqtt',
    new MqttProvider({
      publish: (topic, payload, how) => publisher.publish(topic, payload, how),
      clock,
    }),
  )
  for (const provider of postingProviders(parts)) providers.set(provider.name, provider)
  const [smtp] = config.providers.smtp
  if (smtp) providers.set('email', new SmtpProvider({ ...smtp, from, clock }))
  return providers
}

/** Channels that users bring their own URLs for: they need no account of ours. */
function postingProviders({ config, services, clock }: Parts): HttpProvider[] {
  const { slack, telegram, pushover, pagerduty } = config.providers
  const { hooks, webhookSecrets } = services
  const sender = new GuardedSender({ clock, allow: config.outboundAllow })
  const channel = (name: string, targets: Readonly<Record<string, Target>>) =>
    new HttpProvider({ name, targets, sender, hooks, clock })
  const [hook, discord] = [slackWebhook(), discordWebhook()]
  return [
    channel('slack', { https: hook, http: hook, slack: slackBot(slack ?? NO_BOT) }),
    channel('discord', { https: discord, http: discord }),
    channel(
      'webhook',
      webhookTargets({
        secretsOf: webhookSecrets.of,
        telegram: telegram ?? NO_BOT,
        pushover: pushover ?? { token: null, apiUrl: null },
        pagerduty,
      }),
    ),
  ]
}

const NO_BOT = { botToken: null, apiUrl: null }
