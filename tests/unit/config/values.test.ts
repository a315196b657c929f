import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { Config } from '../../../src/config.ts'
import { directory, load } from './config-fixture.ts'

describe('loadConfig() without any variable', () => {
  it('is one process with everything inside', () => {
    const { settings, warnings, roles, ...config } = load({})
    expect([...roles]).toEqual(['router', 'worker', 'gateway', 'api'])
    expect(warnings).toEqual([])
    expect(
      settings.every(({ origin }) => origin === 'default' || origin.startsWith('decided')),
    ).toBe(true)
    expect(config).toEqual({
      mqtt: {
        external: null,
        embedded: { host: '127.0.0.1', port: 1883, tlsPort: null, wsPort: null, tls: null },
        prefix: '',
        clientId: 'belfry',
        group: 'belfry',
      },
      redis: null,
      dataDir: join(directory, 'data'),
      http: {
        host: '127.0.0.1',
        port: 8080,
        trustProxy: false,
        publicUrl: null,
        origins: 'loopback',
        metricsPort: null,
      },
      appFolder: null,
      auth: { mode: 'off', adminKey: null, jwt: null },
      app: { id: 'belfry', key: 'belfry', secret: null, encryptionKey: null, webhooks: [] },
      broadcast: { driver: 'gateway', guardAdmin: false, prefix: '', pusher: null },
      rateLimit: { requests: 1000, perSeconds: 60 },
      retention: { notificationTtlMs: 86_400_000, unreadTtlMs: 2_592_000_000, inboxLimit: 100 },
      events: { processing: 'queued', listeners: 'sequential', refusesUnknown: false },
      queue: { leaseMs: 30_000, heartbeatMs: 10_000, reaperMs: 10_000, routes: [] },
      providers: {
        smtp: [],
        mailFrom: 'Belfry <belfry@localhost>',
        mailTracking: { opens: false, clicks: false },
        alertWebhooks: [],
        twilio: null,
        fcm: null,
        apns: null,
        vapid: null,
        slack: null,
        slackSigningSecret: null,
        telegram: null,
        pushover: null,
        phone: { countries: null, perNumber: 50, perPrefix: 200, perDay: 10_000 },
        rates: [],
        throttle: true,
        pagerduty: { apiUrl: null },
        webhookSecrets: [],
        order: { email: [], sms: [], voice: [], push: [] },
      },
      outboundAllow: [],
      actionTopics: [],
      rulesFile: null,
      templatesDir: null,
      locale: 'en',
      timezone: 'UTC',
      deadmanUrl: null,
      shutdownMs: 5_000,
      auditDays: 365,
      logLevel: 'info',
    })
  })

  it('is frozen to the bottom', () => {
    const config = load({ OUTBOUND_ALLOW: '10.0.0.0/8' })
    expect(() => Object.assign(config.mqtt.embedded, { port: 1 })).toThrow(TypeError)
    expect(() => (config.outboundAllow as string[]).push('x')).toThrow(TypeError)
  })
})

type Reading = readonly [
  variable: string,
  text: string,
  pick: (c: Config) => unknown,
  value: unknown,
]

const readings: readonly Reading[] = [
  ['MQTT_HOST', '::1', (c) => c.mqtt.embedded.host, '::1'],
  ['MQTT_HOST', '[::1]', (c) => c.mqtt.embedded.host, '::1'],
  ['MQTT_PORT', '0', (c) => c.mqtt.embedded.port, 0],
  ['MQTT_WS_PORT', '9001', (c) => c.mqtt.embedded.wsPort, 9001],
  ['MQTT_TOPIC_PREFIX', 'acme', (c) => c.mqtt.prefix, 'acme/'],
  ['MQTT_TOPIC_PREFIX', 'acme/plant-1/', (c) => c.mqtt.prefix, 'acme/plant-1/'],
  ['MQTT_CLIENT_ID', 'svc', (c) => c.mqtt.clientId, 'svc'],
  ['MQTT_GROUP_NAME', 'blue', (c) => c.mqtt.group, 'blue'],
  ['DATA_DIR', '/var/lib/belfry', (c) => c.dataDir, '/var/lib/belfry'],
  ['HTTP_HOST', '0.0.0.0', (c) => c.http.host, '0.0.0.0'],
  ['HTTP_PORT', '80', (c) => c.http.port, 80],
  ['PORT', '81', (c) => c.http.port, 81],
  ['TRUST_PROXY', 'true', (c) => c.http.trustProxy, true],
  ['TRUST_PROXY', '2', (c) => c.http.trustProxy, 2],
  ['TRUST_PROXY', 'loopback, 10.0.0.0/8', (c) => c.http.trustProxy, ['loopback', '10.0.0.0/8']],
  ['METRICS_PORT', '9464', (c) => c.http.metricsPort, 9464],
  ['METRICS_HTTP_PORT', '9465', (c) => c.http.metricsPort, 9465],
  ['BELFRY_PUBLIC_URL', 'https://n.example/', (c) => c.http.publicUrl, 'https://n.example'],
  [
    'BELFRY_ORIGINS',
    'https://A.example, https://*.b.example',
    (c) => c.http.origins,
    ['https://a.example', 'https://*.b.example'],
  ],
  ['SMS_COUNTRIES', 'fr, US', (c) => c.providers.phone.countries, ['FR', 'US']],
  ['SMS_BUDGET_DAY', 'off', (c) => c.providers.phone.perDay, null],
  ['SMS_BUDGET_NUMBER', '0', (c) => c.providers.phone.perNumber, 0],
  ['THROTTLE', 'off', (c) => c.providers.throttle, false],
  [
    'PROVIDER_RATES',
    'twilio=10/1, smtp2=100/60',
    (c) => c.providers.rates,
    [
      { provider: 'twilio', limit: 10, windowMs: 1000 },
      { provider: 'smtp2', limit: 100, windowMs: 60_000 },
    ],
  ],
  ['BELFRY_ROLES', 'worker, router', (c) => [...c.roles], ['worker', 'router']],
  ['BELFRY_AUTH', 'token', (c) => c.auth.mode, 'token'],
  ['BELFRY_ADMIN_KEY', 'a-long-admin-key', (c) => c.auth.adminKey, 'a-long-admin-key'],
  ['BELFRY_JWT_SECRET', 'x'.repeat(32), (c) => c.auth.jwt?.secret, 'x'.repeat(32)],
  ['BELFRY_JWT_SECRET', 'ü'.repeat(16), (c) => c.auth.jwt?.secret, 'ü'.repeat(16)],
  ['BELFRY_JWKS_URL', 'https://id/jwks', (c) => c.auth.jwt?.jwksUrl, 'https://id/jwks'],
  ['BELFRY_APP_ID', 'shop', (c) => c.app.id, 'shop'],
  ['REVERB_APP_ID', 'shop', (c) => c.app.id, 'shop'],
  ['REVERB_APP_KEY', 'k', (c) => c.app.key, 'k'],
  ['REVERB_APP_SECRET', 'the-app-secret-1', (c) => c.app.secret, 'the-app-secret-1'],
  ['BROADCAST_CONNECTION', 'log', (c) => c.broadcast.driver, 'log'],
  ['BROADCAST_CONNECTION', 'null', (c) => c.broadcast.driver, 'null'],
  ['BROADCAST_CONNECTION', 'websocket', (c) => c.broadcast.driver, 'gateway'],
  ['BROADCAST_CONNECTION', 'sse', (c) => c.broadcast.driver, 'gateway'],
  ['BROADCAST_CONNECTION', 'reverb', (c) => c.broadcast.driver, 'gateway'],
  ['RATE_LIMIT', '5/10', (c) => c.rateLimit, { requests: 5, perSeconds: 10 }],
  ['RATE_LIMIT', 'off', (c) => c.rateLimit, null],
  ['NOTIFICATION_TTL', '0', (c) => c.retention.notificationTtlMs, 0],
  ['UNREAD_TTL', '1.5', (c) => c.retention.unreadTtlMs, 1_500],
  ['INBOX_LIMIT', '7', (c) => c.retention.inboxLimit, 7],
  ['QUEUE_VISIBILITY_TIMEOUT', '300', (c) => c.queue.leaseMs, 300_000],
  ['QUEUE_HEARTBEAT_INTERVAL', '0.5', (c) => c.queue.heartbeatMs, 500],
  ['QUEUE_REAPER_INTERVAL', '2', (c) => c.queue.reaperMs, 2_000],
  [
    'QUEUE_ROUTES',
    'bulk.*=bulk, report=slow',
    (c) => c.queue.routes,
    [
      { type: 'bulk.*', queue: 'bulk' },
      { type: 'report', queue: 'slow' },
    ],
  ],
  ['MAIL_FROM', 'a@b.example', (c) => c.providers.mailFrom, 'a@b.example'],
  ['MAIL_FROM', 'Ops <a@b.example>', (c) => c.providers.mailFrom, 'Ops <a@b.example>'],
  ['SLACK_BOT_TOKEN', 'xoxb-1', (c) => c.providers.slack?.botToken, 'xoxb-1'],
  ['TELEGRAM_BOT_TOKEN', '1:a', (c) => c.providers.telegram?.botToken, '1:a'],
  ['PUSHOVER_TOKEN', 'app', (c) => c.providers.pushover?.token, 'app'],
  ['PAGERDUTY_API_URL', 'http://pd/', (c) => c.providers.pagerduty.apiUrl, 'http://pd'],
  [
    'WEBHOOK_SECRET',
    'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw, whsec_AAAAAAAAAAAAAAAAAAAAAA==',
    (c) => c.providers.webhookSecrets,
    ['whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', 'whsec_AAAAAAAAAAAAAAAAAAAAAA=='],
  ],
  [
    'OUTBOUND_ALLOW',
    '10.0.0.0/8, fd00::/8, 192.168.1.7, NTFY.lan, *.lan',
    (c) => c.outboundAllow,
    ['10.0.0.0/8', 'fd00::/8', '192.168.1.7', 'ntfy.lan', '*.lan'],
  ],
  ['DEFAULT_LOCALE', 'de-ch', (c) => c.locale, 'de-CH'],
  ['DEFAULT_TIMEZONE', 'Europe/Zurich', (c) => c.timezone, 'Europe/Zurich'],
  ['DEADMAN_URL', 'https://hc/ping', (c) => c.deadmanUrl, 'https://hc/ping'],
  ['SHUTDOWN_SECONDS', '0.25', (c) => c.shutdownMs, 250],
  ['LOG_LEVEL', 'DEBUG', (c) => c.logLevel, 'debug'],
]

describe('loadConfig() reads', () => {
  it.each(readings)('%s=%s', (variable, text, pick, value) => {
    expect(pick(load({ [variable]: text }))).toEqual(value)
  })

  it.each(readings)('%s=%s with blanks around it', (variable, text, pick, value) => {
    expect(pick(load({ [variable]: ` ${text}\n` }))).toEqual(value)
  })

  it.each(readings)('an empty %s as one that is not set (%s)', (variable, _text, pick) => {
    expect(pick(load({ [variable]: ' ' }))).toEqual(pick(load({})))
  })
})
