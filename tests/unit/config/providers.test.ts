import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { directory, load } from './config-fixture.ts'

const TWILIO = { TWILIO_ACCOUNT_SID: 'AC1234', TWILIO_AUTH_TOKEN: 't', TWILIO_FROM: '+14155550100' }
const VAPID = {
  VAPID_PUBLIC_KEY: Buffer.alloc(65, 4).toString('base64url'),
  VAPID_PRIVATE_KEY: Buffer.alloc(32, 1).toString('base64url'),
  VAPID_SUBJECT: 'mailto:ops@example.com',
}
const APNS = {
  APNS_KEY_ID: 'ABC1234567',
  APNS_TEAM_ID: 'DEF1234567',
  APNS_KEY_FILE: 'key.pem',
  APNS_BUNDLE_ID: 'com.example.app',
}

describe('mail servers', () => {
  const smtpOf = (env: Record<string, string>) => load(env).providers.smtp

  it.each<[Record<string, string>, string]>([
    [{ SMTP_URL: 'smtp://u:p@h:25' }, 'smtp://u:p@h:25'],
    [{ SMTP_HOST: 'h' }, 'smtp://h:587'],
    [{ SMTP_HOST: 'h', SMTP_PORT: '465' }, 'smtps://h:465'],
    [{ SMTP_HOST: 'h', SMTP_USER: 'u@x', SMTP_PASS: 'p/' }, 'smtp://u%40x:p%2F@h:587'],
  ])('%j', (env, url) => {
    const { smtp, order } = load(env).providers
    expect(smtp).toEqual([{ name: 'smtp', url }])
    expect(order.email).toEqual(['smtp'])
  })

  it('are tried in the order of EMAIL_PROVIDERS', () => {
    const env = {
      SMTP_URL: 'smtp://a',
      SMTP2_URL: 'smtps://b',
      EMAIL_PROVIDERS: 'smtp2, SMTP,smtp2',
    }
    expect(smtpOf(env)).toEqual([
      { name: 'smtp2', url: 'smtps://b' },
      { name: 'smtp', url: 'smtp://a' },
    ])
  })

  it('may have their addresses in files', () => {
    const env = { SMTP2_URL: `\${ENV:${'OTHER'}}`, OTHER: 'smtp://c', EMAIL_PROVIDERS: 'smtp2' }
    expect(smtpOf(env)).toEqual([{ name: 'smtp2', url: 'smtp://c' }])
  })

  it('are left alone when every mail is to stay in the outbox', () => {
    expect(smtpOf({ SMTP_URL: 'smtp://a', EMAIL_PROVIDERS: 'outbox' })).toEqual([])
  })

  it('warn when nobody said who writes', () => {
    expect(load({ SMTP_URL: 'smtp://a' }).warnings).toEqual([
      'MAIL_FROM is not set; mails are sent as Belfry <belfry@localhost>.',
    ])
    expect(load({ SMTP_URL: 'smtp://a', MAIL_FROM_ADDRESS: 'a@b.example' }).warnings).toEqual([])
  })
})

describe('vendors', () => {
  it('Twilio sends and calls', () => {
    const { twilio, order } = load({ ...TWILIO, TWILIO_API_URL: 'http://h:1/' }).providers
    expect(twilio).toEqual({
      accountSid: 'AC1234',
      authToken: 't',
      from: '+14155550100',
      messagingServiceSid: null,
      apiUrl: 'http://h:1',
    })
    expect(order).toMatchObject({ sms: ['twilio'], voice: ['twilio'] })
  })

  it('Twilio may send by a messaging service', () => {
    const { TWILIO_FROM, ...account } = TWILIO
    const { twilio } = load({ ...account, TWILIO_MESSAGING_SERVICE_SID: 'MG1234' }).providers
    expect(twilio).toMatchObject({ from: null, messagingServiceSid: 'MG1234' })
  })

  it('Firebase takes a file, or the parts of one', () => {
    const file = load({ GOOGLE_APPLICATION_CREDENTIALS: 'account.json' }).providers.fcm
    expect(file).toMatchObject({ credentialsFile: join(directory, 'account.json'), account: null })
    const parts = load({
      FIREBASE_PROJECT_ID: 'shop-1',
      FIREBASE_CLIENT_EMAIL: 'a@b.example',
      FIREBASE_PRIVATE_KEY: '-----BEGIN PRIVATE KEY-----\\nabc\\n',
    }).providers.fcm
    expect(parts?.account?.privateKey).toBe('-----BEGIN PRIVATE KEY-----\nabc\n')
  })

  it('Apple takes the key from its file', () => {
    const { apns } = load(APNS).providers
    expect(apns).toMatchObject({ keyId: 'ABC1234567', teamId: 'DEF1234567', apiUrl: null })
    expect(apns?.key).toContain('BEGIN PRIVATE KEY')
  })

  it('push goes to everybody who is configured, in a fixed order', () => {
    const firebase = { GOOGLE_APPLICATION_CREDENTIALS: 'account.json' }
    const order = (env: Record<string, string>) => load(env).providers.order.push
    expect(order({ ...VAPID, ...APNS, ...firebase })).toEqual(['fcm', 'apns', 'webpush'])
    expect(order({ ...VAPID, ...APNS, PUSH_PROVIDERS: 'webpush,apns' })).toEqual([
      'webpush',
      'apns',
    ])
    expect(order({ ...VAPID, PUSH_PROVIDERS: 'outbox' })).toEqual([])
  })

  it('Pusher is reached at its cluster, or at another host', () => {
    const app = { PUSHER_APP_ID: '1', PUSHER_APP_KEY: 'k', PUSHER_APP_SECRET: 's' }
    const pusher = { appId: '1', key: 'k', secret: 's', cluster: 'mt1', port: 443, scheme: 'https' }
    const env = { ...app, BROADCAST_CONNECTION: 'pusher' }
    expect(load(env).broadcast).toEqual({
      driver: 'pusher',
      guardAdmin: false,
      prefix: '',
      pusher: { ...pusher, host: 'api-mt1.pusher.com' },
    })
    const other = { ...env, PUSHER_HOST: 'h', PUSHER_PORT: '80', PUSHER_SCHEME: 'http' }
    expect(load(other).broadcast.pusher).toMatchObject({ host: 'h', port: 80, scheme: 'http' })
  })
})
