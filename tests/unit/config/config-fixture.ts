import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Config, ConfigError, loadConfig } from '../../../src/config.ts'

/** A folder with files for variables to name; it goes when the tests are through. */
export const directory = mkdtempSync(join(tmpdir(), 'belfry-config-'))

const FILES = {
  'ca.pem': '-----BEGIN CERTIFICATE-----\nca',
  'cert.pem': '-----BEGIN CERTIFICATE-----\ncert',
  'key.pem': '-----BEGIN PRIVATE KEY-----\nkey',
  'account.json': '{"type":"service_account"}',
  secret: 'from a file \n',
  empty: '\n',
}
for (const [name, text] of Object.entries(FILES)) writeFileSync(join(directory, name), text)
mkdirSync(join(directory, 'app'))
process.once('exit', () => rmSync(directory, { recursive: true, force: true }))

export function load(env: Readonly<Record<string, string>>): Config {
  return loadConfig(env, directory)
}

/** What was expected of each variable that is wrong. */
export function problemsOf(env: Readonly<Record<string, string>>): Record<string, string> {
  try {
    load(env)
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    return Object.fromEntries(error.problems.map(({ name, expected }) => [name, expected]))
  }
  return {}
}
