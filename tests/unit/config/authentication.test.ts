import { describe, expect, it } from 'vitest'
import { describeConfig } from '../../../src/config.ts'
import { load, problemsOf } from './config-fixture.ts'

describe('authentication', () => {
  const secret = 'x'.repeat(32)
  it.each<[Record<string, string>, 'off' | 'token']>([
    [{}, 'off'],
    [{ HTTP_HOST: 'localhost', MQTT_HOST: '127.0.0.53' }, 'off'],
    [{ HTTP_HOST: '::1', MQTT_HOST: '::1' }, 'off'],
    [{ HTTP_HOST: '0.0.0.0' }, 'token'],
    [{ MQTT_HOST: '0.0.0.0' }, 'token'],
    [{ HTTP_HOST: '::ffff:10.0.0.1' }, 'token'],
    [{ HTTP_HOST: '127.0.0.1.example.com' }, 'token'],
    [{ MQTT_URL: 'mqtt://127.0.0.1' }, 'off'],
    [{ MQTT_URL: 'mqtt://broker' }, 'token'],
    [{ MQTT_URL: 'mqtt://127.0.0.1,mqtt://broker' }, 'token'],
    [{ MQTT_BROKER: 'localhost', MQTT_HOST: '0.0.0.0' }, 'off'],
    [{ BELFRY_ADMIN_KEY: secret }, 'token'],
    [{ BELFRY_JWT_SECRET: secret }, 'token'],
    [{ BELFRY_JWKS_URL: 'https://id/jwks' }, 'token'],
    [{ BELFRY_ADMIN_KEY: secret, BELFRY_AUTH: 'off' }, 'off'],
    [{ HTTP_HOST: '0.0.0.0', BELFRY_AUTH: 'off', BELFRY_INSECURE: '1' }, 'off'],
  ])('%j: %s', (env, mode) => {
    const config = load(env)
    expect(config.auth.mode).toBe(mode)
    expect(config.http.origins).toBe(mode === 'off' ? 'loopback' : 'same')
  })

  it.each([
    { HTTP_HOST: '0.0.0.0' },
    { MQTT_HOST: '192.168.1.2' },
    { MQTT_URL: 'mqtt://broker.example' },
  ])('is not switched off where others can reach us: %j', (env) => {
    const problem = problemsOf({ ...env, BELFRY_AUTH: 'off' }).BELFRY_AUTH
    expect(problem).toContain(Object.keys(env)[0])
    expect(problem).toContain('BELFRY_INSECURE=1')
  })

  it('says what decided', () => {
    const decided = (env: Record<string, string>) =>
      describeConfig(load(env)).find(({ name }) => name === 'BELFRY_AUTH')
    expect(decided({})).toMatchObject({
      value: 'off',
      origin: expect.stringContaining('only this machine'),
    })
    expect(decided({ MQTT_HOST: '0.0.0.0' })?.origin).toContain('MQTT_HOST (0.0.0.0)')
    expect(decided({ BELFRY_ADMIN_KEY: secret })?.origin).toContain('BELFRY_ADMIN_KEY')
  })
})
