import { spawnSync } from 'node:child_process'
import { chmodSync, cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'

const script = join(import.meta.dirname, '../../../.ci/run')
const checkout = mkdtempSync(join(tmpdir(), 'belfry-ci-'))
const programs = join(checkout, 'programs')

/** Says what it was asked for; the suites print a summary and fail when they are told to. */
const NPM = `#!/bin/sh
echo "npm $* (servers $BELFRY_TEST_SERVERS)"
case "$*" in
  *test:faults) echo "      Tests  1 failed | 5 passed (6)"; exit \${FAULTS_STATUS:-0} ;;
  test) echo "      Tests  120 passed | 3 skipped (123)" ;;
  *lint) exit \${LINT_STATUS:-0} ;;
esac
`

mkdirSync(join(checkout, '.ci'))
mkdirSync(programs)
cpSync(script, join(checkout, '.ci/run'))
for (const [name, text] of [
  ['npm', NPM],
  ['redis-server', '#!/bin/sh\n'],
  ['mosquitto', '#!/bin/sh\n'],
  ['mosquitto_pub', '#!/bin/sh\n'],
  ['chromium', '#!/bin/sh\n'],
] as const) {
  writeFileSync(join(programs, name), text)
  chmodSync(join(programs, name), 0o755)
}
afterAll(() => rmSync(checkout, { recursive: true }))

function run(env: Readonly<Record<string, string>> = {}) {
  const path = `${programs}:${process.env.PATH}`
  return spawnSync(join(checkout, '.ci/run'), { encoding: 'utf8', env: { PATH: path, ...env } })
}

describe('.ci/run', () => {
  it('runs every step, with servers required, and sums up the tests', () => {
    writeFileSync(join(checkout, 'README.md'), '```sh\nnpm ci && npm test\n```\n')
    const { stdout, status } = run()
    expect(status).toBe(0)
    expect(stdout.match(/^npm .*/gm)).toEqual([
      'npm ci --no-audit --no-fund (servers required)',
      'npm run --silent lint (servers required)',
      'npm run --silent typecheck (servers required)',
      'npm ci (servers required)',
      'npm test (servers required)',
      'npm run --silent test:long (servers required)',
      'npm run --silent test:browser (servers required)',
      'npm run --silent test:faults (servers required)',
    ])
    expect(stdout).toMatch(/<== lint: ok in \d+:\d\d/)
    expect(stdout.trim().split('\n').at(-1)).toBe('125 passed, 1 failed')
  })

  it('runs npm test where README names no command', () => {
    writeFileSync(join(checkout, 'README.md'), 'Nothing here.\n')
    expect(run().stdout).toContain('==> tests: npm test\n')
  })

  it('stops at the first failure and ends with its status', () => {
    const { stdout, status } = run({ LINT_STATUS: '9' })
    expect(status).toBe(9)
    expect(stdout).toContain('failed in lint')
    expect(stdout).not.toContain('typecheck')
    expect(run({ FAULTS_STATUS: '3' })).toMatchObject({ status: 3 })
  })
})
