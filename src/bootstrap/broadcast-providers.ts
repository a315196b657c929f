import { BroadcastProvider } from '../../services/broadcasts/broadcast-provider.ts'
import { CHANNEL_WEBHOOK } from '../../services/broadcasts/channel-webhooks.ts'
import type { Provider } from '../../services/channels/channel.ts'
import { ChannelWebhookProvider } from '../../services/channels/channel-webhook.ts'
import { GuardedSender } from '../../services/channels/http/guarded-sender.ts'
import type { AppCredentials } from '../broadcasting/app-credentials.ts'
import type { BroadcastManager } from '../broadcasting/broadcast-manager.ts'
import { BROADCAST_QUEUES } from '../broadcasting/broadcaster.ts'
import type { Config } from '../config.ts'
import type { Clock } from '../support/clock.ts'

interface Parts {
  readonly config: Pick<Config, 'outboundAllow'>
  readonly manager: BroadcastManager
  /** Sign what back ends are told. */
  readonly credentials: () => AppCredentials
  readonly clock: Clock
}

/** Who works on queued broadcasts, and on webhooks about channels. */
export function addBroadcastProviders(
  providers: Map<string, Provider>,
  { config, manager, credentials, clock }: Parts,
): void {
  const broadcasts = new BroadcastProvider({ manager }) as Provider
  for (const queue of BROADCAST_QUEUES) providers.set(queue, broadcasts)
  const webhooks = new ChannelWebhookProvider({
    sender: new GuardedSender({ clock, allow: config.outboundAllow }),
    credentials,
    clock,
  })
  providers.set(CHANNEL_WEBHOOK, webhooks as Provider)
}
