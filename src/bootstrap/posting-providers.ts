import { discordWebhook } from '../../services/channels/discord.ts'
import { GuardedSender } from '../../services/channels/http/guarded-sender.ts'
import { HttpProvider } from '../../services/channels/http/http-provider.ts'
import type { Target } from '../../services/channels/http/target.ts'
import { slackBot, slackWebhook } from '../../services/channels/slack.ts'
import { webhookTargets } from '../../services/channels/webhook-targets.ts'
import type { Config } from '../config.ts'
import type { Clock } from '../support/clock.ts'
import type { Services } from './services.ts'

const NO_BOT = { botToken: null, apiUrl: null }

interface Parts {
  readonly config: Pick<Config, 'providers' | 'outboundAllow'>
  readonly services: Pick<Services, 'hooks' | 'webhookSecrets'>
  readonly clock: Clock
}

/** Whose schemes need credentials of ours that nobody gave. */
export function unconfiguredSchemes({ providers }: Pick<Config, 'providers'>): readonly string[] {
  const { slack, telegram, pushover } = providers
  return Object.entries({ slack, telegram, pushover }).flatMap(([scheme, given]) =>
    given === null ? [scheme] : [],
  )
}

/** Channels that users bring their own URLs for: they need no account of ours. */
export function postingProviders({ config, services, clock }: Parts): HttpProvider[] {
  const { slack, slackSigningSecret, telegram, pushover, pagerduty } = config.providers
  const { hooks, webhookSecrets } = services
  const sender = new GuardedSender({ clock, allow: config.outboundAllow })
  const channel = (name: string, targets: Readonly<Record<string, Target>>) =>
    new HttpProvider({ name, targets, sender, hooks, clock })
  const interactive = slackSigningSecret !== null
  const [hook, discord] = [slackWebhook({ interactive }), discordWebhook()]
  const bot = slackBot({ ...(slack ?? NO_BOT), interactive })
  return [
    channel('slack', { https: hook, http: hook, slack: bot }),
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
