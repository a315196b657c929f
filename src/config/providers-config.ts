import { A_PEM, PEM } from './broker-config.ts'
import type { Draft } from './draft.ts'
import { mailConfig, type SmtpServer } from './mail-config.ts'
import type { ProviderRate } from './variables/providers.ts'
import type { VariableName } from './variables.ts'

export interface TwilioConfig {
  readonly accountSid: string
  readonly authToken: string
  readonly from: string | null
  readonly messagingServiceSid: string | null
  /** Here and below: `null` is the vendor's own address. */
  readonly apiUrl: string | null
}

/** Budgets are `null` where there is no limit. */
export interface PhoneConfig {
  /** ISO codes; `null`: all. */
  readonly countries: readonly string[] | null
  readonly perNumber: number | null
  readonly perPrefix: number | null
  readonly perDay: number | null
}

/** A service account, by its file or by its parts. */
export interface FcmConfig {
  readonly credentialsFile: string | null
  readonly account: {
    readonly projectId: string
    readonly clientEmail: string
    readonly privateKey: string
  } | null
  readonly apiUrl: string | null
}

export interface ApnsConfig {
  readonly keyId: string
  readonly teamId: string
  /** PEM of the `.p8` file. */
  readonly key: string
  readonly bundleId: string
  readonly apiUrl: string | null
}

export interface VapidConfig {
  readonly publicKey: string
  readonly privateKey: string
  readonly subject: string
}

/** Who delivers; what is `null` or empty goes to the outbox. */
export interface ProvidersConfig {
  /** In the order in which they are tried. */
  readonly smtp: readonly SmtpServer[]
  readonly mailFrom: string
  /** What is noticed of mails. */
  readonly mailTracking: { readonly opens: boolean; readonly clicks: boolean }
  readonly twilio: TwilioConfig | null
  readonly fcm: FcmConfig | null
  readonly apns: ApnsConfig | null
  readonly vapid: VapidConfig | null
  /** Which numbers are written to and called, and how often. */
  readonly phone: PhoneConfig
  /** How fast each provider is given messages; others are not held back. */
  readonly rates: readonly ProviderRate[]
  /** Whether messages to one address are held back and bundled. */
  readonly throttle: boolean
  /** Who is told of every change of an alert. */
  readonly alertWebhooks: readonly string[]
  readonly slack: { readonly botToken: string; readonly apiUrl: string | null } | null
  /** Checks what Slack tells of presses of our buttons; `null`: there are none. */
  readonly slackSigningSecret: string | null
  readonly telegram: { readonly botToken: string; readonly apiUrl: string | null } | null
  readonly pushover: { readonly token: string; readonly apiUrl: string | null } | null
  readonly pagerduty: { readonly apiUrl: string | null }
  /** Secrets that sign webhooks, newest first; empty: one is generated. */
  readonly webhookSecrets: readonly string[]
  /** Provider names by channel, first is tried first; empty: the outbox. */
  readonly order: {
    readonly email: readonly string[]
    readonly sms: readonly string[]
    readonly voice: readonly string[]
    readonly push: readonly string[]
  }
}

/** The vendors' part of the configuration. A group that is half set is an error. */
export function providersConfig(draft: Draft): ProvidersConfig {
  const { values } = draft
  const vendors = {
    twilio: twilioConfig(draft),
    fcm: fcmConfig(draft),
    apns: apnsConfig(draft),
    vapid: vapidConfig(draft),
  }
  const { smtp, mailFrom } = mailConfig(draft)
  const telephone = { twilio: 'TWILIO_ACCOUNT_SID' } as const
  const push = { fcm: 'GOOGLE_APPLICATION_CREDENTIALS', apns: 'APNS_KEY_ID' } as const
  return {
    smtp,
    mailFrom,
    mailTracking: {
      opens: values.MAIL_TRACKING?.includes('opens') ?? false,
      clicks: values.MAIL_TRACKING?.includes('clicks') ?? false,
    },
    alertWebhooks: values.ALERT_WEBHOOKS ?? [],
    ...vendors,
    phone: {
      countries: values.SMS_COUNTRIES ?? null,
      perNumber: values.SMS_BUDGET_NUMBER,
      perPrefix: values.SMS_BUDGET_PREFIX,
      perDay: values.SMS_BUDGET_DAY,
    },
    rates: values.PROVIDER_RATES ?? [],
    throttle: values.THROTTLE,
    slack: botOf(values.SLACK_BOT_TOKEN, values.SLACK_API_URL),
    slackSigningSecret: values.SLACK_SIGNING_SECRET ?? null,
    telegram: botOf(values.TELEGRAM_BOT_TOKEN, values.TELEGRAM_API_URL),
    pushover:
      values.PUSHOVER_TOKEN === undefined
        ? null
        : { token: values.PUSHOVER_TOKEN, apiUrl: values.PUSHOVER_API_URL ?? null },
    pagerduty: { apiUrl: values.PAGERDUTY_API_URL ?? null },
    webhookSecrets: values.WEBHOOK_SECRET ?? [],
    order: {
      email: smtp.map(({ name }) => name),
      sms: orderOf(draft, 'SMS_PROVIDERS', telephone, vendors),
      voice: orderOf(draft, 'VOICE_PROVIDERS', telephone, vendors),
      push: orderOf(
        draft,
        'PUSH_PROVIDERS',
        { ...push, webpush: 'VAPID_PUBLIC_KEY' },
        {
          ...vendors,
          webpush: vendors.vapid,
        },
      ),
    },
  }
}

function orderOf(
  draft: Draft,
  list: 'SMS_PROVIDERS' | 'VOICE_PROVIDERS' | 'PUSH_PROVIDERS',
  known: Readonly<Record<string, VariableName>>,
  configured: Readonly<Record<string, unknown>>,
): readonly string[] {
  const chosen = draft.values[list]
  if (chosen === undefined) return Object.keys(known).filter((name) => configured[name])
  if (chosen.length === 1 && chosen[0] === 'outbox') return []
  for (const name of chosen) {
    const variable = Object.hasOwn(known, name) ? known[name] : undefined
    if (variable === undefined) {
      draft.complain(list, `some of ${Object.keys(known).join(', ')}, or outbox`, `"${name}"`)
    } else if (!configured[name] && !draft.isGiven(variable)) {
      draft.complain(variable, `a value, since ${list} names ${name}`, null)
    }
  }
  return [...new Set(chosen)]
}

/** Complains about each member of a group that is missing while another is set. */
function isComplete(draft: Draft, names: readonly VariableName[]): boolean {
  const given = names.find((name) => draft.isGiven(name))
  if (given === undefined) return false
  for (const name of names) {
    if (!draft.isGiven(name)) draft.complain(name, `a value, since ${given} is set`, null)
  }
  return names.every((name) => draft.values[name] !== undefined)
}

function twilioConfig(draft: Draft): TwilioConfig | null {
  const { values } = draft
  const sender = draft.isGiven('TWILIO_MESSAGING_SERVICE_SID')
    ? 'TWILIO_MESSAGING_SERVICE_SID'
    : 'TWILIO_FROM'
  if (!isComplete(draft, ['TWILIO_ACCOUNT_SID', 'TWILIO_AUTH_TOKEN', sender])) return null
  return {
    accountSid: values.TWILIO_ACCOUNT_SID!,
    authToken: values.TWILIO_AUTH_TOKEN!,
    from: values.TWILIO_FROM ?? null,
    messagingServiceSid: values.TWILIO_MESSAGING_SERVICE_SID ?? null,
    apiUrl: values.TWILIO_API_URL ?? null,
  }
}

function fcmConfig(draft: Draft): FcmConfig | null {
  const { values } = draft
  const apiUrl = values.FCM_API_URL ?? null
  const parts = ['FIREBASE_PROJECT_ID', 'FIREBASE_CLIENT_EMAIL', 'FIREBASE_PRIVATE_KEY'] as const
  if (values.GOOGLE_APPLICATION_CREDENTIALS !== undefined) {
    draft.fileOf('GOOGLE_APPLICATION_CREDENTIALS', /^\s*\{/, 'a readable JSON file')
    const credentialsFile = draft.path(values.GOOGLE_APPLICATION_CREDENTIALS)
    return { credentialsFile, account: null, apiUrl }
  }
  if (!isComplete(draft, parts)) return null
  const account = {
    projectId: values.FIREBASE_PROJECT_ID!,
    clientEmail: values.FIREBASE_CLIENT_EMAIL!,
    privateKey: values.FIREBASE_PRIVATE_KEY!,
  }
  return { credentialsFile: null, account, apiUrl }
}

function apnsConfig(draft: Draft): ApnsConfig | null {
  const { values } = draft
  const names = ['APNS_KEY_ID', 'APNS_TEAM_ID', 'APNS_KEY_FILE', 'APNS_BUNDLE_ID'] as const
  if (!isComplete(draft, names)) return null
  return {
    keyId: values.APNS_KEY_ID!,
    teamId: values.APNS_TEAM_ID!,
    key: draft.fileOf('APNS_KEY_FILE', PEM, A_PEM) ?? '',
    bundleId: values.APNS_BUNDLE_ID!,
    apiUrl: values.APNS_API_URL ?? null,
  }
}

function vapidConfig(draft: Draft): VapidConfig | null {
  const { values } = draft
  const names = ['VAPID_PUBLIC_KEY', 'VAPID_PRIVATE_KEY', 'VAPID_SUBJECT'] as const
  if (!isComplete(draft, names)) return null
  return {
    publicKey: values.VAPID_PUBLIC_KEY!,
    privateKey: values.VAPID_PRIVATE_KEY!,
    subject: values.VAPID_SUBJECT!,
  }
}

function botOf(botToken: string | undefined, apiUrl: string | undefined) {
  return botToken === undefined ? null : { botToken, apiUrl: apiUrl ?? null }
}
