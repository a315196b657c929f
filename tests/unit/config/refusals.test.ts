import { describe, expect, it } from 'vitest'
import { ConfigError } from '../../../src/config.ts'
import { load, problemsOf } from './config-fixture.ts'

const wrong: readonly (readonly [variable: string, text: string, expected: RegExp])[] = [
  ['MQTT_URL', 'http://h', /mqtt:\/\//],
  ['MQTT_URL', 'mqtt://h:70000', /URLs/],
  ['MQTT_URL', 'mqtt://h/path', /URLs/],
  ['MQTT_URL', 'mqtt://h,', /URLs/],
  ['MQTT_URL', 'mqtt://a b@h', /URLs/],
  ['MQTT_BROKER', 'a b', /host/],
  ['MQTT_TLS_ENABLED', 'maybe', /1 or 0/],
  ['MQTT_CA_FILE', 'missing.pem', /readable PEM/],
  ['MQTT_CA_FILE', 'account.json', /readable PEM/],
  ['MQTT_HOST', 'a/b', /host name/],
  ['MQTT_PORT', 'eighty', /0 to 65535/],
  ['MQTT_PORT', '65536', /0 to 65535/],
  ['MQTT_TLS_PORT', '-1', /0 to 65535/],
  ['MQTT_WS_PORT', '1e3', /0 to 65535/],
  ['MQTT_TOPIC_PREFIX', 'a/+/b', /topic levels/],
  ['MQTT_TOPIC_PREFIX', '/a', /topic levels/],
  ['MQTT_TOPIC_PREFIX', '$share', /topic levels/],
  ['MQTT_CLIENT_ID', 'a b', /letters/],
  ['MQTT_GROUP_NAME', 'a/b', /letters/],
  ['MQTT_RETRY_MIN_DELAY', '0', /seconds from/],
  ['REDIS_URL', 'http://h', /redis:\/\//],
  ['REDIS_URL', 'redis://h/db', /redis:\/\//],
  ['REDIS_MODE', 'ring', /single, sentinel, cluster/],
  ['REDIS_PORT', '0', /1 to 65535/],
  ['REDIS_DB', '-1', /whole number/],
  ['REDIS_CA_FILE', 'missing.pem', /readable PEM/],
  ['REDIS_PREFIX', '{a}', /braces/],
  ['REDIS_PARTITIONS', '0', /1 to 1024/],
  ['HTTP_HOST', 'http://h', /host name/],
  ['HTTP_PORT', '8080x', /port/],
  ['TRUST_PROXY', 'my-proxy', /addresses and networks/],
  ['BELFRY_PUBLIC_URL', 'n.example', /https:\/\//],
  ['BELFRY_PUBLIC_URL', 'https://n.example/?a=1', /https:\/\//],
  ['BELFRY_ORIGINS', 'https://a.example/path', /origins/],
  ['METRICS_PORT', 'x', /port/],
  ['BELFRY_ROLES', 'router,cook', /roles: router, worker, gateway, api/],
  ['BELFRY_APP', 'missing', /folder that exists/],
  ['BELFRY_APP', 'account.json', /folder that exists/],
  ['BELFRY_AUTH', 'yes', /token, off/],
  ['BELFRY_INSECURE', '2', /1 or 0/],
  ['BELFRY_ADMIN_KEY', 'a key', /without spaces/],
  ['BELFRY_JWT_SECRET', 'x'.repeat(31), /at least 32 bytes/],
  ['BELFRY_JWKS_URL', 'ldap://h', /https:\/\//],
  ['BROADCAST_CONNECTION', 'smoke', /gateway, redis, pusher, mqtt, log, null/],
  ['BELFRY_APP_ID', 'a/b', /letters/],
  ['RATE_LIMIT', '1000', /1000\/60/],
  ['RATE_LIMIT', '0/60', /1000\/60/],
  ['NOTIFICATION_TTL', '-1', /seconds/],
  ['UNREAD_TTL', 'a day', /seconds/],
  ['INBOX_LIMIT', '0', /1 to 100000/],
  ['INBOX_LIMIT', '1.5', /whole number/],
  ['SMTP_URL', 'smtp.example.com', /smtp:\/\//],
  ['SMTP_PORT', '0', /1 to 65535/],
  ['MAIL_FROM', 'nobody', /address/],
  ['MAIL_FROM', 'a@b.example, c@d.example', /address/],
  ['EMAIL_PROVIDERS', 'smtp,,x', /provider names/],
  ['TWILIO_ACCOUNT_SID', 'SK123', /begins with AC/],
  ['TWILIO_FROM', '+1 (415)', /number/],
  ['TWILIO_API_URL', 'localhost:1', /URL/],
  ['GOOGLE_APPLICATION_CREDENTIALS', 'missing.json', /readable JSON/],
  ['GOOGLE_APPLICATION_CREDENTIALS', 'ca.pem', /readable JSON/],
  ['FIREBASE_PRIVATE_KEY', 'key', /PEM/],
  ['VAPID_PUBLIC_KEY', 'abc', /65 bytes/],
  ['VAPID_PRIVATE_KEY', 'abc', /32 bytes/],
  ['VAPID_SUBJECT', 'ops@example.com', /mailto:/],
  ['SMS_PROVIDERS', 'pigeon', /twilio, or outbox/],
  ['PUSH_PROVIDERS', 'constructor', /fcm, apns, webpush, or outbox/],
  ['OUTBOUND_ALLOW', '10.0.0.0/33', /networks and hosts/],
  ['OUTBOUND_ALLOW', 'http://h', /networks and hosts/],
  ['RULES_FILE', 'missing.yml', /file that exists/],
  ['RULES_FILE', 'app', /file that exists/],
  ['TEMPLATES_DIR', 'account.json', /folder that exists/],
  ['DEFAULT_LOCALE', 'e', /language tag/],
  ['DEFAULT_TIMEZONE', 'Mars/Olympus', /time zone/],
  ['DEADMAN_URL', 'ping', /https:\/\//],
  ['SHUTDOWN_SECONDS', 'soon', /seconds/],
  ['LOG_LEVEL', 'loud', /fatal, error, warn, info, debug, trace, silent/],
]

describe('loadConfig() refuses', () => {
  it.each(wrong)('%s=%s', (variable, text, expected) => {
    expect(problemsOf({ [variable]: text })).toMatchObject({
      [variable]: expect.stringMatching(expected),
    })
  })

  it('all wrong variables at once, each with what was expected and what it is', () => {
    const env = { HTTP_PORT: 'eighty', LOG_LEVEL: 'loud', BELFRY_JWT_SECRET: 'short' }
    expect(() => load(env)).toThrow(
      new ConfigError([
        {
          name: 'HTTP_PORT',
          expected: 'a port from 0 to 65535 (0: any free one)',
          given: '"eighty"',
        },
        { name: 'BELFRY_JWT_SECRET', expected: 'at least 32 bytes', given: '[hidden, 5 bytes]' },
        {
          name: 'LOG_LEVEL',
          expected: 'one of fatal, error, warn, info, debug, trace, silent',
          given: '"loud"',
        },
      ]),
    )
  })

  it('shows no secret in its message', () => {
    const env = {
      MQTT_URL: 'mqtt://user:hunter2@a b',
      REDIS_URL: 'http://user:hunter2@h',
      SMTP_URL: 'https://user:hunter2@h?pass=hunter2',
      SMTP_HOST: 'h',
      EMAIL_PROVIDERS: 'smtp,backup',
      BACKUP_URL: 'http://user:hunter2@h',
      BELFRY_JWT_SECRET: 'hunter2',
      BELFRY_ADMIN_KEY: 'hunter2 hunter2',
      FIREBASE_PRIVATE_KEY: 'hunter2',
      VAPID_PRIVATE_KEY: 'hunter2',
      DEADMAN_URL: 'hc://user:hunter2@h/hunter2',
    }
    let message = ''
    try {
      load(env)
    } catch (error) {
      message = String(error)
    }
    for (const name of Object.keys(env).filter((key) => !/HOST|PROVIDERS/.test(key))) {
      expect(message).toContain(`${name}: expected`)
    }
    expect(message).not.toContain('hunter2')
  })
})
