import { describe, expect, it } from 'vitest'
import { problemsOf } from './config-fixture.ts'

describe('a group of variables that is half set', () => {
  it.each<[Record<string, string>, string[]]>([
    [{ TWILIO_ACCOUNT_SID: 'AC1234' }, ['TWILIO_AUTH_TOKEN', 'TWILIO_FROM']],
    [{ TWILIO_FROM: '+14155550100' }, ['TWILIO_ACCOUNT_SID', 'TWILIO_AUTH_TOKEN']],
    [{ TWILIO_MESSAGING_SERVICE_SID: 'MG1234', TWILIO_AUTH_TOKEN: 't' }, ['TWILIO_ACCOUNT_SID']],
    [{ FIREBASE_PROJECT_ID: 'shop-1' }, ['FIREBASE_CLIENT_EMAIL', 'FIREBASE_PRIVATE_KEY']],
    [{ APNS_KEY_ID: 'ABC1234567' }, ['APNS_TEAM_ID', 'APNS_KEY_FILE', 'APNS_BUNDLE_ID']],
    [{ VAPID_SUBJECT: 'mailto:a@b.example' }, ['VAPID_PUBLIC_KEY', 'VAPID_PRIVATE_KEY']],
    [{ BROADCAST_CONNECTION: 'pusher' }, ['PUSHER_APP_ID', 'PUSHER_APP_KEY', 'PUSHER_APP_SECRET']],
    [{ PUSHER_APP_ID: '1', PUSHER_APP_KEY: 'k' }, ['PUSHER_APP_SECRET']],
    [{ MQTT_TLS_PORT: '8883' }, ['MQTT_KEY_FILE', 'MQTT_CERT_FILE']],
    [{ MQTT_CERT_FILE: 'cert.pem' }, ['MQTT_KEY_FILE']],
    [{ MQTT_KEY_FILE: 'key.pem' }, ['MQTT_CERT_FILE']],
    [{ MQTT_URL: 'mqtt://h', MQTT_PASSWORD: 'p' }, ['MQTT_USERNAME']],
    [{ BELFRY_JWT_ISSUER: 'https://id' }, ['BELFRY_JWT_SECRET']],
    [{ EMAIL_PROVIDERS: 'smtp,smtp2', SMTP_URL: 'smtp://h' }, ['SMTP2_URL']],
    [{ EMAIL_PROVIDERS: 'smtp' }, ['SMTP_URL']],
    [{ SMS_PROVIDERS: 'twilio' }, ['TWILIO_ACCOUNT_SID']],
    [{ PUSH_PROVIDERS: 'webpush' }, ['VAPID_PUBLIC_KEY']],
  ])('%j names what is missing', (env, missing) => {
    expect(Object.keys(problemsOf(env))).toEqual(missing)
  })

  it.each<[Record<string, string>, string]>([
    [{ REDIS_URL: 'redis://a/1,redis://b/2' }, 'REDIS_URL'],
    [{ REDIS_URL: 'redis://a,b', REDIS_MODE: 'single' }, 'REDIS_MODE'],
    [{ REDIS_URL: 'redis://a/3', REDIS_MODE: 'cluster' }, 'REDIS_URL'],
    [{ REDIS_URL: 'redis://a', REDIS_MODE: 'cluster', REDIS_DB: '3' }, 'REDIS_DB'],
    [{ REDIS_URL: 'redis://u:1@a,redis://u:2@b' }, 'REDIS_URL'],
    [{ QUEUE_HEARTBEAT_INTERVAL: '30' }, 'QUEUE_HEARTBEAT_INTERVAL'],
    [{ MQTT_URL: 'mqtt://h', MQTT_RETRY_MIN_DELAY: '31' }, 'MQTT_RETRY_MIN_DELAY'],
    [{ MQTT_BROKER: 'h', MQTT_PORT: '0' }, 'MQTT_PORT'],
  ])('%j contradicts itself in %s', (env, name) => {
    expect(Object.keys(problemsOf(env))).toEqual([name])
  })
})
