import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { publicUrlOf } from '../../../src/config.ts'
import { directory, load } from './config-fixture.ts'

describe('the broker', () => {
  const urlsOf = (env: Record<string, string>) => load(env).mqtt.external?.urls

  it.each([
    ['mqtt://h', ['mqtt://h:1883']],
    ['tcp://h', ['mqtt://h:1883']],
    ['mqtts://h', ['mqtts://h:8883']],
    ['ssl://h:1', ['mqtts://h:1']],
    ['ws://h', ['ws://h:80/']],
    ['wss://h/mqtt?a=1', ['wss://h:443/mqtt?a=1']],
    ['mqtt://[::1]:7', ['mqtt://[::1]:7']],
    ['mqtt://u:p%40ss@h', ['mqtt://u:p%40ss@h:1883']],
    ['mqtt://a:1, mqtts://b', ['mqtt://a:1', 'mqtts://b:8883']],
  ])('MQTT_URL=%s', (text, urls) => {
    expect(urlsOf({ MQTT_URL: text })).toEqual(urls)
  })

  it.each<[Record<string, string>, string]>([
    [{ MQTT_BROKER: 'h' }, 'mqtt://h:1883'],
    [{ MQTT_BROKER: 'h', MQTT_PORT: '7' }, 'mqtt://h:7'],
    [{ MQTT_BROKER: 'h:8' }, 'mqtt://h:8'],
    [{ MQTT_BROKER: 'h', MQTT_TLS_ENABLED: 'true', MQTT_PORT: '8883' }, 'mqtts://h:8883'],
    [{ MQTT_BROKER: 'wss://h' }, 'wss://h:443/'],
  ])('%j', (env, url) => {
    expect(urlsOf(env)).toEqual([url])
  })

  it('takes name and password from variables of their own', () => {
    const { external } = load({ MQTT_BROKER: 'h', MQTT_USERNAME: 'u', MQTT_PASSWORD: 'p@' }).mqtt
    expect(external?.credentials).toEqual({ username: 'u', password: 'p@' })
    const { external: named } = load({ MQTT_URL: 'mqtt://u@h', MQTT_PASSWORD: 'p@' }).mqtt
    expect(named).toMatchObject({ urls: ['mqtt://u:p%40@h:1883'] })
    expect(named).not.toHaveProperty('credentials')
  })

  it('prefers MQTT_URL and says so', () => {
    const config = load({ MQTT_URL: 'mqtt://a', MQTT_BROKER: 'b' })
    expect(config.mqtt.external?.urls).toEqual(['mqtt://a:1883'])
    expect(config.warnings).toEqual(['MQTT_BROKER is not read, because MQTT_URL is set.'])
  })

  it('takes TLS files for both directions', () => {
    const files = {
      MQTT_CA_FILE: 'ca.pem',
      MQTT_CERT_FILE: 'cert.pem',
      MQTT_KEY_FILE: 'file:key.pem',
    }
    const { embedded, external } = load({ ...files, MQTT_URL: 'mqtts://h' }).mqtt
    expect(external?.tls).toEqual({
      caFile: join(directory, 'ca.pem'),
      certFile: join(directory, 'cert.pem'),
      keyFile: join(directory, 'key.pem'),
    })
    expect(embedded.tls?.key).toBe(readFileSync(join(directory, 'key.pem'), 'utf8'))
    expect(embedded.tls?.ca).toContain('BEGIN CERTIFICATE')
  })

  it('reads the aliases of the TLS files', () => {
    const env = { MQTT_TLS_CA_CERTS: 'ca.pem', MQTT_URL: 'mqtts://h' }
    expect(load(env).mqtt.external?.tls).toEqual({ caFile: join(directory, 'ca.pem') })
  })

  it('says which variables have no effect on the broker inside', () => {
    expect(load({ MQTT_USERNAME: 'u' }).warnings).toEqual([
      'MQTT_USERNAME has no effect without MQTT_URL or MQTT_BROKER.',
    ])
  })
})

describe('Redis', () => {
  const base = {
    mode: 'single',
    nodes: [{ host: 'h', port: 6379 }],
    db: 0,
    username: null,
    password: null,
    tls: null,
    sentinelName: null,
    sentinelPassword: null,
    prefix: '',
    partitions: 1,
  }
  const three = [
    { host: 'a', port: 1 },
    { host: 'b', port: 2 },
    { host: 'c', port: 6379 },
  ]

  it.each<[Record<string, string>, object]>([
    [{ REDIS_URL: 'redis://h' }, {}],
    [{ REDIS_URL: 'redis://h/' }, {}],
    [{ REDIS_URL: 'redis://h:7/3' }, { nodes: [{ host: 'h', port: 7 }], db: 3 }],
    [{ REDIS_URL: 'redis://h', REDIS_DB: '4' }, { db: 4 }],
    [{ REDIS_URL: 'redis://u:p%2F@h' }, { username: 'u', password: 'p/' }],
    [{ REDIS_URL: 'redis://:p@h' }, { password: 'p' }],
    [
      { REDIS_URL: 'redis://h', REDIS_USERNAME: 'u', REDIS_PASSWORD: 'p' },
      { username: 'u', password: 'p' },
    ],
    [{ REDIS_URL: 'rediss://h' }, { tls: { ca: null } }],
    [{ REDIS_URL: 'redis://[::1]' }, { nodes: [{ host: '::1', port: 6379 }] }],
    [{ REDIS_HOST: 'h' }, {}],
    [
      { REDIS_HOST: 'h', REDIS_PORT: '7', REDIS_DB: '1' },
      { nodes: [{ host: 'h', port: 7 }], db: 1 },
    ],
    [{ REDIS_PORT: '7' }, { nodes: [{ host: '127.0.0.1', port: 7 }] }],
    [{ REDIS_URL: 'redis://h', REDIS_PREFIX: 'b:' }, { prefix: 'b:' }],
    [{ REDIS_URL: 'redis://h', REDIS_PARTITIONS: '4' }, { partitions: 4 }],
    [{ REDIS_URL: 'redis://a:1,b:2,redis://c' }, { mode: 'cluster', nodes: three, partitions: 16 }],
    [
      { REDIS_URL: 'redis://h', REDIS_MODE: 'cluster' },
      { mode: 'cluster', partitions: 16 },
    ],
    [
      { REDIS_URL: 'redis://h', REDIS_MODE: 'sentinel', REDIS_SENTINEL_PASSWORD: 's' },
      {
        mode: 'sentinel',
        nodes: [{ host: 'h', port: 26_379 }],
        sentinelName: 'mymaster',
        sentinelPassword: 's',
      },
    ],
  ])('%j', (env, difference) => {
    expect(load(env).redis).toEqual({ ...base, ...difference })
  })

  it('is encrypted with a private authority', () => {
    const { redis } = load({ REDIS_HOST: 'h', REDIS_CA_FILE: 'ca.pem' })
    expect(redis?.tls?.ca).toContain('BEGIN CERTIFICATE')
  })

  it('says which variables have no effect on the store inside', () => {
    expect(load({ REDIS_PREFIX: 'b:' }).warnings).toEqual([
      'REDIS_PREFIX has no effect without REDIS_URL or REDIS_HOST.',
    ])
  })
})

describe('publicUrlOf()', () => {
  it.each([
    ['127.0.0.1', 'http://127.0.0.1:80'],
    ['0.0.0.0', 'http://localhost:80'],
    ['::', 'http://localhost:80'],
    ['fe80::1', 'http://[fe80::1]:80'],
  ])('%s', (host, url) => {
    expect(publicUrlOf(host, 80)).toBe(url)
  })
})
