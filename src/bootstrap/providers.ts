import { CHANNELS } from '../../services/channel-policy.ts'
import type { Provider } from '../../services/channels/channel.ts'
import { SmtpProvider } from '../../services/channels/email-smtp.ts'
import { MqttProvider } from '../../services/channels/mqtt.ts'
import { OutboxProvider } from '../../services/channels/outbox-provider.ts'
import type { Config } from '../config.ts'
import type { Publisher } from '../mqtt/message.ts'
import type { Clock } from '../support/clock.ts'
import { postingProviders } from './posting-providers.ts'
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
