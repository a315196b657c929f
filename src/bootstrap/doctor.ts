import { SmtpProvider } from '../../services/channels/email-smtp.ts'
import { fetchGoogleToken } from '../../services/channels/google-token.ts'
import { GuardedSender } from '../../services/channels/http/guarded-sender.ts'
import { readRulesFile } from '../../services/rules/rules-file.ts'
import { TemplateEngine } from '../../services/templates/template-engine.ts'
import type { FcmConfig, ProvidersConfig } from '../config/providers-config.ts'
import {
  type Config,
  ConfigError,
  describeConfig,
  type Environment,
  loadConfig,
} from '../config.ts'
import { withoutCredentials } from '../mqtt/broker-address.ts'
import { tryBroker } from '../mqtt/try-broker.ts'
import { systemClock } from '../support/clock.ts'
import { messageOf } from '../support/errors.ts'
import { createLogger } from '../support/logger.ts'
import { openStore } from './open-store.ts'
import { serviceAccountOf } from './push-provider.ts'

/** One thing that was looked at. */
export interface Finding extends Record<string, unknown> {
  readonly what: string
  readonly state: 'ok' | 'warning' | 'wrong' | 'outbox'
  readonly detail: string
}

/** Looks at the configuration and at everything that it names, without starting anything. */
export async function doctor(env: Environment): Promise<Finding[]> {
  let config: Config
  try {
    config = loadConfig(env)
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    return [{ what: 'configuration', state: 'wrong', detail: error.message }]
  }
  const given = describeConfig(config).filter(({ origin }) => origin !== 'default')
  const detail = given.length === 1 ? 'one variable set' : `${given.length} variables set`
  return [
    { what: 'configuration', state: 'ok', detail },
    ...config.warnings.map(
      (text): Finding => ({ what: 'configuration', state: 'warning', detail: text }),
    ),
    ...(await rulesFindings(config)),
    await storeFinding(config),
    ...(await brokerFindings(config)),
    ...(await providerFindings(config)),
  ]
}

async function rulesFindings({ rulesFile: file }: Config): Promise<Finding[]> {
  if (file === null) return []
  try {
    const { filters, rules, heartbeats } = await readRulesFile(file, new TemplateEngine())
    const counts = `${rules.length} rules, ${heartbeats.length} heartbeats, ${filters.length} filters`
    return [{ what: 'rules', state: 'ok', detail: counts }]
  } catch (error) {
    return [{ what: 'rules', state: 'wrong', detail: `${file}: ${messageOf(error)}` }]
  }
}

async function storeFinding(config: Config): Promise<Finding> {
  const what = 'store'
  try {
    const log = createLogger('silent')
    const { store, bus } = await openStore(config, { clock: systemClock, log })
    const latency = await store.ping()
    await bus.close()
    await store.close()
    return { what, state: 'ok', detail: `${store.description}, ${latency.toFixed(1)} ms` }
  } catch (error) {
    const detail = messageOf(error)
    // A store that a running service holds is in the best of hands.
    return { what, state: /in use|locked/i.test(detail) ? 'warning' : 'wrong', detail }
  }
}

async function brokerFindings({ mqtt }: Config): Promise<Finding[]> {
  const { external } = mqtt
  if (external === null) {
    const detail = `embedded, port ${mqtt.embedded.port}`
    return [{ what: 'broker', state: 'ok', detail }]
  }
  return Promise.all(
    external.urls.map(async (url): Promise<Finding> => {
      const place = withoutCredentials(url)
      try {
        await tryBroker(url, external)
        return { what: 'broker', state: 'ok', detail: `${place} lets us in` }
      } catch (error) {
        const names = 'MQTT_URL, MQTT_USERNAME, MQTT_PASSWORD'
        const detail = `${place}: ${messageOf(error)}; look at ${names}`
        return { what: 'broker', state: 'wrong', detail }
      }
    }),
  )
}

async function providerFindings({ providers }: Config): Promise<Finding[]> {
  const mail = await Promise.all(
    providers.smtp.map(async (server): Promise<Finding> => {
      const smtp = new SmtpProvider({ ...server, from: providers.mailFrom, clock: systemClock })
      const what = `email (${server.name})`
      const state = await smtp.verify().then(
        () => null,
        (error: unknown) => messageOf(error),
      )
      await smtp.close()
      return {
        what,
        state: state === null ? 'ok' : 'wrong',
        detail: state ?? 'the server takes us',
      }
    }),
  )
  const toOutbox = (what: string, variable: string): Finding => ({
    what,
    state: 'outbox',
    detail: `kept in the outbox; set ${variable} to deliver`,
  })
  return [
    ...mail,
    ...(providers.smtp.length === 0 ? [toOutbox('email', 'SMTP_URL')] : []),
    providers.twilio === null
      ? toOutbox('sms', 'TWILIO_ACCOUNT_SID')
      : {
          what: 'sms',
          state: 'ok',
          detail: 'twilio is configured; only a message shows whether it is taken',
        },
    ...(providers.order.push.length === 0
      ? [toOutbox('push', 'GOOGLE_APPLICATION_CREDENTIALS')]
      : await pushFindings(providers)),
  ]
}

async function pushFindings({ fcm, apns, vapid }: ProvidersConfig): Promise<Finding[]> {
  const found: Finding[] = []
  if (fcm !== null) {
    const what = 'push (fcm)'
    const refusal = await tokenOf(fcm).then(
      () => null,
      (error: unknown) => messageOf(error),
    )
    const detail = refusal ?? 'Google takes the service account'
    found.push({ what, state: refusal === null ? 'ok' : 'wrong', detail })
  }
  const set = 'configured; only a message shows whether it is taken'
  if (apns !== null) found.push({ what: 'push (apns)', state: 'ok', detail: set })
  if (vapid !== null) found.push({ what: 'push (webpush)', state: 'ok', detail: set })
  return found
}

async function tokenOf(fcm: FcmConfig): Promise<void> {
  const sender = new GuardedSender({ clock: systemClock })
  try {
    const account = serviceAccountOf(fcm)
    await fetchGoogleToken({ account, sender, clock: systemClock })
  } finally {
    await sender.close()
  }
}
