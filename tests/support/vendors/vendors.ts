import webPush from 'web-push'
import { APNS, apnsKey, apnsKeyFile, startApns } from './apns.ts'
import { startDiscord } from './discord.ts'
import { fcmAccountFile, startFcm } from './fcm.ts'
import type { Vendor } from './http-vendor.ts'
import { SLACK_TOKEN, startSlack } from './slack.ts'
import { CREDENTIALS, startSmallVendor } from './small-vendors.ts'
import { startTwilio, TWILIO } from './twilio.ts'
import { startWebPushService } from './web-push-service.ts'
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
  {
    name: 'twilio',
    port: 6422,
    start: startTwilio,
    env: (url) => ({
      TWILIO_ACCOUNT_SID: TWILIO.accountSid,
      TWILIO_AUTH_TOKEN: TWILIO.authToken,
      TWILIO_FROM: TWILIO.from,
      TWILIO_API_URL: url,
    }),
  },
  {
    name: 'fcm',
    port: 6423,
    start: startFcm,
    env: (url) => ({ GOOGLE_APPLICATION_CREDENTIALS: fcmAccountFile(), FCM_API_URL: url }),
  },
  {
    name: 'apns',
    port: 6424,
    start: (port) => startApns({ port }),
    env: (url) => ({
      APNS_KEY_ID: APNS.keyId,
      APNS_TEAM_ID: APNS.teamId,
      APNS_BUNDLE_ID: APNS.bundleId,
      APNS_KEY_FILE: apnsKeyFile(apnsKey().pem),
      APNS_API_URL: url,
    }),
  },
  {
    name: 'web-push',
    port: 6425,
    start: startWebPushService,
    env: () => {
      const { publicKey, privateKey } = webPush.generateVAPIDKeys()
      return {
        VAPID_PUBLIC_KEY: publicKey,
        VAPID_PRIVATE_KEY: privateKey,
        VAPID_SUBJECT: 'mailto:ops@example.com',
      }
    },
  },
]
