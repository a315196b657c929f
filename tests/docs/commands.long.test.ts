import { spawn } from 'node:child_process'
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
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
import { waitFor } from '../support/wait-for.ts'

const hasPhp = requireServer('php')
const SHELLS = new Set(['sh', 'bash', 'shell', 'console'])
const pages = readPages()
const fences = pages.flatMap((page) => page.fences.map((fence) => ({ ...fence, page: page.path })))
const shell = fences.filter(({ language }) => SHELLS.has(language))
const runnable = pages.filter(({ fences }) => fences.some(isRunnable))
interface Refusal {
  readonly topic: string
  readonly error: object
}

const PROGRAMS: Readonly<Record<string, readonly [program: string, flags: readonly string[]]>> = {
  js: [process.execPath, ['--input-type=module', '--eval']],
  python: ['python3', ['-c']],
  php: ['php', ['-r']],
}
const laravel = readFileSync(join(ROOT, 'tests/support/docs/laravel.php'), 'utf8')
const LARAVEL = laravel.replace('<?php', '')
const HEARD = 'Hear, hear'
const hasTools = requireServer('mosquitto_pub') && requireServer('curl')

describe('what cannot be run here', () => {
  it('says why', () => {
    const silent = shell.filter(({ marks }) => marks['not-run'] === '')
    expect(silent.map(({ page, line }) => `${page}:${line}`)).toEqual([])
  })

  it('is the smaller part', () => {
    expect(shell.filter(isRunnable).length).toBeGreaterThan(shell.length / 2)
  })
})

describe.skipIf(!hasTools)('every command of the documentation', () => {
  const folder = mkdtempSync(join(tmpdir(), 'belfry-docs-'))
  let service: TestService
  let options: ShellOptions

  beforeAll(async () => {
    installTools(join(folder, 'tools'))
    cpSync(join(ROOT, 'examples', 'esp32'), join(folder, 'examples', 'esp32'), { recursive: true })
    mkdirSync(join(folder, 'templates'))
    symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'))
    for (const { text, marks } of fences) {
      // `file=templates/x.yml`: the reader has it when he comes to the commands.
      if (marks.file) writeFileSync(join(folder, marks.file), text)
    }
    const env = { RULES_FILE: join(folder, 'rules.yml'), TEMPLATES_DIR: join(folder, 'templates') }
    service = await startService({ env })
    const programs = { curl: programOf('curl'), mosquitto_pub: programOf('mosquitto_pub') }
    options = {
      service,
      dataDir: service.dataDir,
      tools: join(folder, 'tools'),
      cwd: folder,
      programs,
    }
  })
  afterAll(async () => {
    await service?.stop()
    rmSync(folder, { recursive: true, force: true })
  })

  it.concurrent.each(runnable)('$path', async ({ fences }) => {
    for (const fence of fences.filter(isRunnable)) await run(fence)
  })

  // Runs when all of the above have: what was published and refused would be here.
  it('publishes nothing that is refused', async () => {
    const { body } = await service.api('GET', '/api/dead-letters')
    expect(body.data.map(({ topic, error }: Refusal) => ({ topic, error }))).toEqual([])
  })

  async function run(fence: Fence): Promise<void> {
    const { language, text, marks } = fence
    if (SHELLS.has(language)) {
      const dataDir = 'stopped' in marks ? join(folder, 'stopped') : service.dataDir
      for (const command of commandsOf(text)) {
        await runShell(await completed(command, marks), { ...options, dataDir })
      }
      return
    }
    if ('hears' in marks) return await hears(text)
    const env = { PATH: process.env.PATH, BELFRY_URL: service.url }
    const [program, flags] = PROGRAMS[language]!
    const script = language === 'php' ? `${LARAVEL}${text}}` : text
    const given = [...flags, addressed(script, service)]
    await outputOf(spawn(program, given, { cwd: folder, env }), text)
  }

  /** A client that never ends by itself: it shows what its user is told, then it is stopped. */
  async function hears(text: string): Promise<void> {
    const script = ['--input-type=module', '--eval', addressed(text, service)]
    const client = spawn(process.execPath, script, { cwd: folder })
    let output = ''
    client.stdout.on('data', (chunk) => (output += String(chunk)))
    client.stderr.on('data', (chunk) => (output += String(chunk)))
    const tell = () => service.api('POST', '/api/notifications', { to: 'user:42', message: HEARD })
    try {
      await waitFor(async () => (await tell()) && output.includes(HEARD), {
        deadlineMs: 30_000,
        message: 'the client heard nothing',
      })
    } catch (error) {
      throw new Error(output, { cause: error })
    } finally {
      client.kill('SIGKILL')
    }
  }

  /** `id=/api/alerts`: the newest one of that list stands in for `<id>`. */
  async function completed(command: string, marks: Fence['marks']): Promise<string> {
    if (!command.includes('<id>')) return command
    const { body } = await service.api('GET', marks.id ?? '/')
    return command.replaceAll('<id>', body.data[0].id)
  }
})

/** Shell unless it says why not, and other languages that say `run`. */
function isRunnable({ language, marks }: Fence): boolean {
  if (language === 'php') return hasPhp && 'run' in marks
  return SHELLS.has(language) ? !('not-run' in marks) : 'run' in marks || 'hears' in marks
}

function programOf(name: string): string {
  const folders = (process.env.PATH ?? '').split(delimiter)
  return folders.map((folder) => join(folder, name)).find((file) => existsSync(file)) ?? name
}
