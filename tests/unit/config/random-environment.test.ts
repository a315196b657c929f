import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { KNOWN } from '../../../src/config/variables.ts'
import { ConfigError, describeConfig, loadConfig } from '../../../src/config.ts'

const names = fc.oneof(
  { weight: 8, arbitrary: fc.constantFrom(...KNOWN) },
  { weight: 2, arbitrary: fc.constantFrom(...KNOWN).map((name) => `${name}_FILE`) },
  fc.constantFrom('__proto__', 'constructor', 'SMTP2_URL', 'BELFRY_', 'MQTT_'),
  fc.string(),
)
const parts = fc.constantFrom(
  ...[
    'mqtt://',
    'redis://',
    'smtp://',
    'https://',
    'file:',
    '${ENV:',
    '${FILE:',
    '}',
    '@',
    ':',
    '/',
  ],
  ...['h', 'localhost', '127.0.0.1', '[::1]', '0.0.0.0', '%', '%2', ',', '0', '7', '65536', '-1'],
  ...['on', 'off', 'smtp', 'outbox', 'twilio', 'worker', '\n', ' ', '\0', 'ü', '.', '..', '*', '+'],
)
const values = fc.oneof(
  fc.array(parts, { maxLength: 6 }).map((words) => words.join('')),
  fc.string({ unit: 'binary' }),
  fc.string().map((text) => text.repeat(50)),
)

describe('loadConfig() of any environment', () => {
  it('gives a configuration or a ConfigError, nothing else', () => {
    let refused = 0
    let accepted = 0
    fc.assert(
      fc.property(fc.dictionary(names, values, { maxKeys: 8 }), (env) => {
        try {
          const config = loadConfig(env, '/nowhere')
          expect(describeConfig(config).length).toBeGreaterThan(0)
          accepted++
        } catch (error) {
          expect(error).toBeInstanceOf(ConfigError)
          expect((error as ConfigError).problems.length).toBeGreaterThan(0)
          refused++
        }
      }),
      { numRuns: 2_000 },
    )
    expect(Math.min(refused, accepted)).toBeGreaterThan(20)
  })

  it('never shows what is between a URL’s scheme and its last @', () => {
    const url = fc.constantFrom('MQTT_URL', 'MQTT_BROKER', 'REDIS_URL', 'SMTP_URL')
    fc.assert(
      fc.property(url, fc.string({ maxLength: 20 }), fc.webUrl(), (name, noise, tail) => {
        const value = `mqtt://user:hunter2${noise}${tail}@h`
        let said: string
        try {
          said = JSON.stringify(describeConfig(loadConfig({ [name]: value }, '/nowhere')))
        } catch (error) {
          said = String(error)
        }
        expect(said).not.toContain('hunter2')
      }),
      { numRuns: 1_000 },
    )
  })
})
