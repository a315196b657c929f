import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { COMMANDS } from '../../src/cli/main.ts'
import { KNOWN } from '../../src/config/variables.ts'
import { ROOT, readPages } from '../support/docs/pages.ts'

const FOLDERS =
  'bin|benchmarks|client|controllers|dashboard|deploy|docs|examples|middleware|routers|services|src|starter|tests'
/** Of Mosquitto's start, of a reader's own program, of Redis, and errors of other systems. */
const OTHERS = new Set([
  'MQTT_DEVICES',
  'MQTT_OPS_PASSWORD',
  'REVERB_APP_ID',
  'REVERB_APP_KEY',
  'REVERB_APP_SECRET',
  'SENDER_ID_MISMATCH',
  // Of a second mail server, by its name in EMAIL_PROVIDERS.
  'SMTP2_URL',
])

/** Every `code span` of prose, with its page; decisions are about their day. */
const spans = readPages()
  .filter(({ path }) => !path.startsWith('docs/adr/'))
  .flatMap(({ path, text }) => {
    const words = text.replace(/^```.*?^```$/gms, '').matchAll(/`([^`\n]+)`/g)
    return [...words].map(([, span = '']) => ({ path, span }))
  })
const told = (strange: readonly { path: string; span: string }[]) =>
  strange.map(({ path, span }) => `${path}: ${span}`)

describe('what the documentation names', () => {
  it('are variables that are read', () => {
    const names = spans.flatMap(({ path, span }) => {
      const name = /^([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+)(=.*)?$/.exec(span)?.[1]
      return name === undefined ? [] : [{ path, span: name }]
    })
    expect(names.length).toBeGreaterThan(100)
    expect(told(names.filter(({ span }) => !KNOWN.has(span) && !OTHERS.has(span)))).toEqual([])
  })

  it('are commands that there are', () => {
    const usages = COMMANDS.map(({ usage }) => usage.split(/ [<[]/)[0] ?? '')
    const groups = new Set(usages.map((usage) => usage.split(' ')[0]))
    const strange = spans.filter(({ span }) => {
      const line = /^(?:npx )?belfry ([a-z][^`]*)$/.exec(span)?.[1]
      if (line === undefined || line.startsWith('…')) return false
      const [group = '', second = ''] = line.split(/[ |]/)
      return (
        !usages.some(
          (usage) =>
            line === usage || line.startsWith(`${usage} `) || usage === `${group} ${second}`,
        ) && !groups.has(line)
      )
    })
    expect(told(strange)).toEqual([])
  })

  it('are files and folders that there are', () => {
    const path = new RegExp(`^(?:${FOLDERS})/[\\w./-]*$`)
    // A project made by `belfry init` has folders of the same names.
    const own =
      /^docs\/(guides\/(channel|middleware|embedding|notifications|moving)|start\/project)\.md$/
    const strange = spans.filter(
      (one) => path.test(one.span) && !own.test(one.path) && !existsSync(join(ROOT, one.span)),
    )
    expect(told(strange)).toEqual([])
  })
})
