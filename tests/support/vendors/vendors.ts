import { startDiscord } from './discord.ts'
import type { Vendor } from './http-vendor.ts'
import { SLACK_TOKEN, startSlack } from './slack.ts'
import { CREDENTIALS, startSmallVendor } from './small-vendors.ts'
import { RECEIVER_SECRET, startReceiver } from './webhook-receiver.ts'

/** A vendor that a developer can try without an account. */
export interface VendorRow {
  readonly name: string
  /** Where `npm run vendors` puts it, on loopback. */
  readonly port: number
  start(port: number): Promise<Vendor>
  /** Variables to start Belfry with. */
  readonly env?: (url: string) => Readonly<Record<string, string>>
  /** Fields of a user's profile that lead to it. */
  readonly profile?: (url: string) => Readonly<Record<string, string>>
}

/** The address of a vendor under one of our own schemes. */
const by = (scheme: string, rest: string) => (url: string) => ({
  webhook_url: `${url.replace('http', `${scheme}+http`)}/${rest}`,
})

/** Every fake vendor. */
export const VENDORS: readonly VendorRow[] = [
  {
    name: 'slack',
    port: 6411,
    start: startSlack,
    env: (url) => ({ SLACK_BOT_TOKEN: SLACK_TOKEN, SLACK_API_URL: `${url}/api` }),
    profile: (url) => ({ slack_webhook_url: `${url}/services/T0000/B0000/belfry` }),
  },
  {
    name: 'discord',
    port: 6412,
    start: (port) => startDiscord({ port }),
    profile: (url) => ({ discord_webhook_url: `${url}/api/webhooks/1234/belfry` }),
  },
  {
    name: 'webhook',
    port: 6413,
    start: (port) => startReceiver({ port }),
    env: () => ({ WEBHOOK_SECRET: RECEIVER_SECRET }),
    profile: (url) => ({ webhook_url: `${url}/hook` }),
  },
  {
    name: 'telegram',
    port: 6414,
    start: (port) => startSmallVendor('telegram', port),
    env: (url) => ({ TELEGRAM_BOT_TOKEN: CREDENTIALS.telegram, TELEGRAM_API_URL: url }),
    profile: () => ({ webhook_url: 'telegram://123456' }),
  },
  {
    name: 'teams',
    port: 6415,
    start: (port) => startSmallVendor('teams', port),
    profile: by('teams', 'workflows/belfry/triggers/manual/paths/invoke?sig=belfry'),
  },
  {
    name: 'ntfy',
    port: 6416,
    start: (port) => startSmallVendor('ntfy', port),
    profile: by('ntfy', 'belfry'),
  },
  {
    name: 'gotify',
    port: 6417,
    start: (port) => startSmallVendor('gotify', port),
    profile: by('gotify', CREDENTIALS.gotify),
  },
  {
    name: 'mattermost',
    port: 6418,
    start: (port) => startSmallVendor('mattermost', port),
    profile: by('mattermost', 'hooks/belfry'),
  },
  {
    name: 'pushover',
    port: 6419,
    start: (port) => startSmallVendor('pushover', port),
    env: (url) => ({ PUSHOVER_TOKEN: CREDENTIALS.pushover, PUSHOVER_API_URL: url }),
    profile: () => ({ webhook_url: 'pushover://u0123456789012345678901234567x' }),
  },
  {
    name: 'pagerduty',
    port: 6420,
    start: (port) => startSmallVendor('pagerduty', port),
    env: (url) => ({ PAGERDUTY_API_URL: url }),
    profile: () => ({ webhook_url: `pagerduty://${CREDENTIALS.pagerduty}` }),
  },
  {
    name: 'apprise',
    port: 6421,
    start: (port) => startSmallVendor('apprise', port),
    profile: by('apprise', 'belfry'),
  },
]
