import {
  base64url,
  baseUrl,
  flag,
  host,
  isHost,
  isNetwork,
  listOf,
  matching,
  pem,
  remotePort,
  text,
  url,
} from '../values.ts'
import { optional, withDefault } from '../variable.ts'
import { OUTBOX, PROVIDERS, RATES } from './providers.ts'

/** E-mail by SMTP. */
export const EMAIL = {
  SMTP_URL: optional(url('smtp', 'smtps'), {
    about: 'The mail server.',
    example: 'smtp://user:password@smtp.example.com:587',
    otherwise: OUTBOX,
    secrecy: 'credentials',
  }),
  SMTP_HOST: optional(host, {
    about: 'The mail server by its host; read where SMTP_URL is not set.',
    example: 'smtp.example.com',
    otherwise: 'see SMTP_URL',
  }),
  SMTP_PORT: withDefault('587', remotePort, { about: 'The port of SMTP_HOST; 465 is smtps.' }),
  SMTP_USERNAME: optional(text, {
    about: 'User name at SMTP_HOST.',
    otherwise: 'none',
    aliases: ['SMTP_USER'],
  }),
  SMTP_PASSWORD: optional(text, {
    about: 'Password at SMTP_HOST.',
    otherwise: 'none',
    aliases: ['SMTP_PASS'],
    secrecy: 'all',
  }),
  MAIL_FROM: withDefault(
    'Belfry <belfry@localhost>',
    matching(
      'an address, or Name <address>',
      /^([^<>@\r\n]{1,128}<[^<>@\s]+@[^<>@\s]+>|[^<>@\s]+@[^<>@\s]+)$/,
    ),
    { about: 'The sender of our mails.', aliases: ['MAIL_FROM_ADDRESS', 'SMTP_FROM'] },
  ),
  EMAIL_PROVIDERS: optional(PROVIDERS, {
    about:
      'Mail servers in order: smtp is SMTP_URL, smtp2 is SMTP2_URL; outbox keeps every mail here.',
    example: 'smtp,smtp2',
    otherwise: 'the configured one',
  }),
  MAIL_TRACKING: optional(listOf('opens, clicks', readTracking), {
    about:
      'Notes on a notification that its mail was opened (by a pixel) and its links followed (by way of us).',
    example: 'opens,clicks',
    otherwise: 'nobody is watched',
  }),
}

/** Phones and browsers. */
export const PUSH = {
  GOOGLE_APPLICATION_CREDENTIALS: optional(text, {
    about: 'The JSON file of a service account, for Firebase Cloud Messaging.',
    example: '/run/secrets/firebase.json',
    otherwise: 'FIREBASE_…',
    isPath: true,
  }),
  FIREBASE_PROJECT_ID: optional(matching('a project id', /^[a-z][a-z0-9-]{3,62}$/), {
    about: 'The Firebase project, where there is no such file.',
    otherwise: OUTBOX,
  }),
  FIREBASE_CLIENT_EMAIL: optional(matching('an e-mail address', /^[^<>@\s]+@[^<>@\s]+$/), {
    about: 'The e-mail address of its service account.',
    otherwise: 'none',
  }),
  FIREBASE_PRIVATE_KEY: optional(pem, {
    about: 'The private key of its service account, PEM.',
    otherwise: 'none',
    secrecy: 'all',
  }),
  FCM_API_URL: optional(baseUrl, {
    about: 'Another base URL for Firebase Cloud Messaging.',
    otherwise: "Google's own",
  }),
  APNS_KEY_ID: optional(matching('an id of letters and digits', /^[A-Za-z0-9]{1,32}$/), {
    about: 'The key for the Apple Push Notification service.',
    otherwise: OUTBOX,
  }),
  APNS_TEAM_ID: optional(matching('an id of letters and digits', /^[A-Za-z0-9]{1,32}$/), {
    about: 'The team that it belongs to.',
    otherwise: 'none',
  }),
  APNS_KEY_FILE: optional(text, {
    about: 'The key itself, a .p8 file.',
    example: '/run/secrets/apns.p8',
    otherwise: 'none',
    isPath: true,
  }),
  APNS_BUNDLE_ID: optional(matching('a bundle id, such as com.example.app', /^[\w.-]{1,155}$/), {
    about: 'The app that notifications are for.',
    example: 'com.example.app',
    otherwise: 'none',
  }),
  APNS_API_URL: optional(baseUrl, {
    about: 'Another base URL, such as https://api.sandbox.push.apple.com.',
    otherwise: "Apple's own",
  }),
  VAPID_PUBLIC_KEY: optional(base64url(65), {
    about: 'Web Push: our public key, which browsers are given.',
    otherwise: OUTBOX,
  }),
  VAPID_PRIVATE_KEY: optional(base64url(32), {
    about: 'Web Push: its private key.',
    otherwise: 'none',
    secrecy: 'all',
  }),
  VAPID_SUBJECT: optional(
    matching('mailto:… or https://…', /^(mailto:[^\s@]+@[^\s@]+|https:\/\/\S+)$/),
    {
      about: 'Web Push: where push services reach the operator.',
      example: 'mailto:ops@example.com',
      otherwise: 'none',
    },
  ),
  PUSH_PROVIDERS: optional(PROVIDERS, {
    about: 'Push services that are used: fcm, apns, webpush, or outbox.',
    example: 'apns,fcm,webpush',
    otherwise: 'the configured ones',
  }),
}

/** Chats and webhooks. */
export const CHANNELS = {
  SLACK_BOT_TOKEN: optional(text, {
    about:
      'Posts to Slack as a bot, to users whose slack_webhook_url is slack:// and the id of a channel or member.',
    otherwise: "each user's webhook URL",
    secrecy: 'all',
  }),
  SLACK_SIGNING_SECRET: optional(text, {
    about:
      'Checks what Slack posts to /hooks/slack: with it, alerts in Slack have buttons that acknowledge and resolve.',
    otherwise: 'a link to acknowledge',
    secrecy: 'all',
  }),
  SLACK_API_URL: optional(baseUrl, {
    about: 'Another base URL for Slack.',
    otherwise: "Slack's own",
  }),
  TELEGRAM_BOT_TOKEN: optional(text, {
    about: 'Posts to Telegram as a bot.',
    otherwise: 'no Telegram',
    secrecy: 'all',
  }),
  TELEGRAM_API_URL: optional(baseUrl, {
    about: 'Another base URL for Telegram.',
    otherwise: "Telegram's own",
  }),
  PUSHOVER_TOKEN: optional(text, {
    about: 'Posts to Pushover as this application.',
    otherwise: 'no Pushover',
    secrecy: 'all',
  }),
  PUSHOVER_API_URL: optional(baseUrl, {
    about: 'Another base URL for Pushover.',
    otherwise: "Pushover's own",
  }),
  PAGERDUTY_API_URL: optional(baseUrl, {
    about: 'Another base URL for the events of PagerDuty.',
    otherwise: "PagerDuty's own",
  }),
  WEBHOOK_SECRET: optional(
    listOf('secrets: whsec_ and base64 of at least 16 bytes', readWebhookSecret),
    {
      about:
        'Signs webhooks, as Standard Webhooks writes it; while one is being replaced both, the new one first.',
      otherwise: 'generated once and kept',
      secrecy: 'all',
    },
  ),
  ALERT_WEBHOOKS: optional(listOf('http(s) URLs', readReceiver), {
    about:
      "Receivers of every change of an alert, in the form of Alertmanager's webhook version 4, signed with WEBHOOK_SECRET.",
    example: 'https://ops.example.com/alerts',
    otherwise: 'none',
    secrecy: 'all',
  }),
  PROVIDER_RATES: optional(RATES, {
    about: 'Most messages to a provider in so many seconds, for each process: name=count/seconds.',
    example: 'twilio=10/1,smtp=100/60',
    otherwise: 'as fast as they take them',
  }),
  THROTTLE: withDefault('on', flag, {
    about:
      'Hold messages back that would come to one telephone too often, and alerts to one mail address; those that wait are sent as one.',
  }),
  OUTBOUND_ALLOW: optional(
    listOf('networks and hosts, such as 10.0.0.0/8 or ntfy.lan', readReach),
    {
      about: 'Networks and hosts that URLs given by users may reach besides public addresses.',
      example: '10.0.0.0/8,ntfy.lan',
      otherwise: 'public addresses only',
    },
  ),
}

function readWebhookSecret(item: string): string | undefined {
  const encoded = /^whsec_([A-Za-z0-9+/]+={0,2})$/.exec(item)?.[1] ?? ''
  return Buffer.byteLength(encoded, 'base64') >= 16 ? item : undefined
}

function readReach(item: string): string | undefined {
  if (item.includes('/')) return isNetwork(item) ? item : undefined
  return isHost(item.replace(/^\*\./, '')) ? item.toLowerCase() : undefined
}

function readTracking(item: string): 'opens' | 'clicks' | undefined {
  return (['opens', 'clicks'] as const).find((each) => each === item.toLowerCase())
}

function readReceiver(item: string): string | undefined {
  return /^https?:\/\/./.test(item) && URL.canParse(item) ? item : undefined
}
