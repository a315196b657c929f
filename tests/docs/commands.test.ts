import { spawn } from 'node:child_process'
import { cpSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Fence, ROOT, readPages } from '../support/docs/pages.ts'
import {
  addressed,
  commandsOf,
  installTools,
  outputOf,
  runShell,
  type ShellOptions,
} from '../support/docs/run-shell.ts'
import { requireServer } from '../support/servers.ts'
import { startService, type TestService } from '../support/service.ts'

const SHELLS = new Set(['sh', 'bash', 'shell', 'console'])
const blocks = readPages().flatMap(({ path, fences }) =>
  fences.map((fence) => ({ ...fence, name: `${path}:${fence.line}` })),
)
const shell = blocks.filter(({ language }) => SHELLS.has(language))
const runnable = shell.filter(({ marks }) => !('not-run' in marks))
const scripts = blocks.filter(({ language, marks }) => language === 'js' && 'run' in marks)
const python = blocks.filter(({ language, marks }) => language === 'python' && 'run' in marks)
const hasTools = requireServer('mosquitto_pub') && requireServer('curl')

describe('what cannot be run here', () => {
  it('says why', () => {
    const silent = shell.filter(({ marks }) => marks['not-run'] === '')
    expect(silent.map(({ name }) => name)).toEqual([])
  })

  it('is the smaller part', () => {
    expect(runnable.length).toBeGreaterThan(shell.length / 2)
  })
})

describe.skipIf(!hasTools)('every command of the documentation', () => {
  const folder = mkdtempSync(join(tmpdir(), 'belfry-docs-'))
  let service: TestService
  let options: ShellOptions

  beforeAll(async () => {
    installTools(join(folder, 'tools'))
    cpSync(join(ROOT, 'examples', 'esp32'), join(folder, 'examples', 'esp32'), { recursive: true })
    service = await startService({ env: { OUTBOUND_ALLOW: '127.0.0.1' } })
    const programs = { curl: programOf('curl'), mosquitto_pub: programOf('mosquitto_pub') }
    options = { service, tools: join(folder, 'tools'), cwd: folder, programs }
  })
  afterAll(async () => {
    await service?.stop()
    rmSync(folder, { recursive: true, force: true })
  })

  it.concurrent.each(runnable)('$name', { timeout: 120_000 }, async ({ text, marks }) => {
    for (const command of commandsOf(text)) {
      await runShell(await completed(command, marks), options)
    }
  })

  it.concurrent.each(scripts)('$name', { timeout: 60_000 }, async ({ text, line }) => {
    const file = join(folder, `script-${line}.mjs`)
    writeFileSync(file, addressed(text, service))
    await outputOf(spawn(process.execPath, [file], { cwd: folder }), text)
  })

  it.concurrent.each(python)('$name', { timeout: 60_000 }, async ({ text }) => {
    const env = { PATH: process.env.PATH, BELFRY_URL: service.url }
    await outputOf(spawn('python3', ['-c', text], { cwd: folder, env }), text)
  })

  // Runs when all of the above have: what was published and refused would be here.
  it('publishes nothing that is refused', async () => {
    const { body } = await service.api('GET', '/api/dead-letters')
    expect(body.data).toEqual([])
  })

  /** `id=/api/alerts`: the newest one of that list stands in for `<id>`. */
  async function completed(command: string, marks: Fence['marks']): Promise<string> {
    if (!command.includes('<id>')) return command
    const { body } = await service.api('GET', marks.id ?? '/')
    return command.replaceAll('<id>', body.data[0].id)
  }
})

function programOf(name: string): string {
  const folders = (process.env.PATH ?? '').split(delimiter)
  return folders.map((folder) => join(folder, name)).find((file) => existsSync(file)) ?? name
}
