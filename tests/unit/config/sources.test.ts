import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { describeConfig, loadConfig, readEnvironment } from '../../../src/config.ts'
import { directory, load, problemsOf } from './config-fixture.ts'

const fromVariable = (name: string) => `\${ENV:${name}}`

describe('a value in a file', () => {
  it.each([
    { BELFRY_ADMIN_KEY: 'file:secret' },
    { BELFRY_ADMIN_KEY: `file:${join(directory, 'secret2')}` },
    { BELFRY_ADMIN_KEY: `file://${join(directory, 'secret2')}` },
    { BELFRY_ADMIN_KEY: `\${FILE:${join(directory, 'secret2')}}` },
    { BELFRY_ADMIN_KEY_FILE: 'secret2' },
  ])('%j', (env) => {
    writeFileSync(join(directory, 'secret'), 'an-admin-key-in-a-file\n')
    writeFileSync(join(directory, 'secret2'), 'an-admin-key-in-a-file\n')
    expect(load(env).auth.adminKey).toBe('an-admin-key-in-a-file')
  })

  it('is found under an alias too', () => {
    writeFileSync(join(directory, 'app-secret'), 'the-secret-of-the-app')
    expect(load({ REVERB_APP_SECRET_FILE: 'app-secret' }).app.secret).toBe('the-secret-of-the-app')
  })

  it.each([
    [{ BELFRY_ADMIN_KEY: 'file:missing' }, /BELFRY_ADMIN_KEY .*readable file/],
    [{ BELFRY_ADMIN_KEY_FILE: 'missing' }, /BELFRY_ADMIN_KEY_FILE .*readable file/],
    [{ BELFRY_ADMIN_KEY_FILE: 'empty' }, /BELFRY_ADMIN_KEY_FILE .*readable file/],
    [{ BELFRY_ADMIN_KEY: 'file:/dev/zero' }, /readable file/],
    [{ BELFRY_ADMIN_KEY: 'file:app' }, /readable file/],
    [{ BELFRY_ADMIN_KEY: fromVariable('MISSING') }, /variable MISSING/],
  ])('%j is refused', (env, expected) => {
    expect(problemsOf(env as unknown as Record<string, string>)).toEqual({
      BELFRY_ADMIN_KEY: expect.stringMatching(expected),
    })
  })

  it('gives way to the variable itself, which is said', () => {
    const config = load({ LOG_LEVEL: 'warn', LOG_LEVEL_FILE: 'missing' })
    expect(config.logLevel).toBe('warn')
    expect(config.warnings).toEqual(['LOG_LEVEL_FILE is not read, because LOG_LEVEL is set.'])
  })
})

describe('an alias', () => {
  it('gives way to the name itself, which is said', () => {
    const config = load({ HTTP_PORT: '81', PORT: '82' })
    expect(config.http.port).toBe(81)
    expect(config.warnings).toEqual(['PORT is not read, because HTTP_PORT is set.'])
  })

  it('is silent when both say the same', () => {
    expect(load({ HTTP_PORT: '81', PORT: '81' }).warnings).toEqual([])
  })
})

describe('warnings', () => {
  it.each([
    ['BELFRY_ADMINKEY', 'BELFRY_ADMIN_KEY'],
    ['BELFRY_ADMIN_KEYS', 'BELFRY_ADMIN_KEY'],
    ['MQTT_UR', 'MQTT_URL'],
    ['MQTT_CLIENTID', 'MQTT_CLIENT_ID'],
    ['REDIS_PARTITION', 'REDIS_PARTITIONS'],
  ])('%s is probably meant to be %s', (name, near) => {
    expect(load({ [name]: 'x' }).warnings).toEqual([
      `${name} is no variable of Belfry; did you mean ${near}?`,
    ])
  })

  it.each(['BELFRY_TEST_SERVERS', 'MQTT_PORT_1883_TCP_ADDR', 'REDIS_SERVICE_HOST', 'HTTP_PROXY'])(
    '%s is left alone',
    (name) => {
      expect(load({ [name]: 'x' }).warnings).toEqual([])
    },
  )

  it('Kubernetes service links are not taken for ports', () => {
    const config = load({ MQTT_PORT: 'tcp://10.0.0.1:1883', REDIS_PORT: 'tcp://10.0.0.2:6379' })
    expect(config.mqtt.embedded.port).toBe(1883)
    expect(config.redis).toBeNull()
    expect(config.warnings).toHaveLength(2)
  })

  it('name a short key', () => {
    expect(load({ BELFRY_ADMIN_KEY: 'admin' }).warnings[0]).toContain('BELFRY_ADMIN_KEY is short')
  })
})

describe('describeConfig()', () => {
  it('tells every variable, where it came from, and no secret', () => {
    const settings = describeConfig(
      load({
        MQTT_URL: 'mqtt://user:hunter2@a,mqtt://user:hunter2@b',
        REDIS_URL: 'redis://:hunter2@h',
        SMTP2_URL: 'smtp://user:hunter2@h:25?password=hunter2',
        EMAIL_PROVIDERS: 'smtp2',
        BELFRY_ADMIN_KEY: 'hunter2-hunter2-hunter2',
        DEADMAN_URL: 'https://hc/hunter2',
        PORT: '81',
      }),
    )
    expect(JSON.stringify(settings)).not.toContain('hunter2-')
    expect(JSON.stringify(settings)).not.toMatch(/[/:]hunter2/)
    const shown = Object.fromEntries(settings.map(({ name, value }) => [name, value]))
    expect(shown).toMatchObject({
      MQTT_URL: 'mqtt://[hidden]@a,mqtt://[hidden]@b',
      SMTP2_URL: 'smtp://[hidden]@h:25?…',
      BELFRY_ADMIN_KEY: '[hidden, 23 bytes]',
      DEADMAN_URL: 'https://hc/…',
      LOG_LEVEL: 'info',
    })
    expect(settings.find(({ name }) => name === 'HTTP_PORT')?.origin).toBe('PORT, environment')
  })
})

describe('readEnvironment()', () => {
  const names = ['BELFRY_APP_ID', 'BELFRY_APP_KEY'] as const
  afterEach(() => {
    for (const name of names) delete process.env[name]
  })

  it('reads .env in the folder; the real environment wins', () => {
    const folder = mkdtempSync(join(tmpdir(), 'belfry-env-'))
    writeFileSync(
      join(folder, '.env'),
      '# ours\nBELFRY_APP_ID=file\nexport BELFRY_APP_KEY="file"\n',
    )
    process.env.BELFRY_APP_ID = 'real'
    const { app } = loadConfig(readEnvironment(folder), folder)
    expect(app).toMatchObject({ id: 'real', key: 'file' })
  })

  it('does without the file', () => {
    expect(readEnvironment(directory)).toEqual({ ...process.env })
  })
})
