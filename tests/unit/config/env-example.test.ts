import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseEnv } from 'node:util'
import { describe, expect, it } from 'vitest'
import type { Variable } from '../../../src/config/variable.ts'
import { VARIABLES } from '../../../src/config/variables.ts'
import { loadConfig, renderEnvExample } from '../../../src/config.ts'

const path = join(import.meta.dirname, '../../../.env.example')
const file = readFileSync(path, 'utf8')
const uncommented = file.replace(/^# (\w+=)/gm, '$1')

describe('.env.example', () => {
  // After a change of the table: vitest run tests/unit/config --update
  it('is what the table says', async () => {
    await expect(renderEnvExample()).toMatchFileSnapshot(path)
  })

  it('changes nothing as it is', () => {
    expect(parseEnv(file)).toEqual({})
  })

  it('names every variable once', () => {
    const names = [...file.matchAll(/^# (\w+)=/gm)].map(([, name]) => name)
    expect(names).toEqual(Object.keys(VARIABLES))
  })

  it('shows each default as it is', () => {
    const shown = parseEnv(uncommented)
    for (const [name, { fallback }] of Object.entries<Variable>(VARIABLES)) {
      if (fallback !== null && fallback !== '') expect(shown[name]).toBe(fallback)
    }
  })

  it('gives examples that would be accepted', () => {
    for (const [name, { example, schema }] of Object.entries<Variable>(VARIABLES)) {
      if (example !== '') expect(schema.safeParse(example).error?.issues, name).toBeUndefined()
    }
  })

  it('lets every default be set by hand', () => {
    const defaults = Object.entries<Variable>(VARIABLES).filter(([, { fallback }]) => fallback)
    const env = Object.fromEntries(defaults.map(([name, { fallback }]) => [name, fallback ?? '']))
    const { REDIS_PORT, REDIS_DB, ...rest } = env
    const strip = ({ settings, roles, ...config }: ReturnType<typeof loadConfig>) => config
    expect(strip(loadConfig(rest, '/nowhere'))).toEqual(strip(loadConfig({}, '/nowhere')))
  })
})
