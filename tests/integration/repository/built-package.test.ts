import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { freePort } from '../../support/free-port.ts'
import { waitFor } from '../../support/wait-for.ts'

const root = join(import.meta.dirname, '../../..')
const app = mkdtempSync(join(tmpdir(), 'belfry-image-'))

/** The folder that the Dockerfile puts together: what was built, and no source. */
describe('the package as it is built', () => {
  let service: ChildProcess | undefined

  beforeAll(() => {
    const tsc = join(root, 'node_modules/.bin/tsc')
    const { stdout, status } = spawnSync(
      process.execPath,
      [tsc, '-p', 'tsconfig.build.json', '--outDir', join(app, 'build')],
      { cwd: root, encoding: 'utf8' },
    )
    if (status !== 0) throw new Error(`npm run build fails:\n${stdout}`)
    for (const path of ['bin', 'deploy', 'package.json']) {
      cpSync(join(root, path), join(app, path), { recursive: true })
    }
    symlinkSync(join(root, 'node_modules'), join(app, 'node_modules'))
  }, 60_000)

  afterAll(() => {
    service?.kill('SIGKILL')
    rmSync(app, { recursive: true, force: true })
  })

  it('has what package.json exports', () => {
    const { exports } = JSON.parse(readFileSync(join(app, 'package.json'), 'utf8')) as {
      exports: Record<string, string | Record<string, string>>
    }
    const targets = Object.values(exports).flatMap((target) =>
      typeof target === 'string' ? [target] : Object.values(target),
    )
    expect(targets.filter((target) => !existsSync(join(app, target)))).toEqual([])
  })

  it('starts, is healthy, and ends with 0 on SIGTERM', async () => {
    const env = {
      PATH: process.env.PATH,
      HTTP_PORT: String(await freePort()),
      MQTT_PORT: '0',
      DATA_DIR: join(app, 'data'),
      LOG_LEVEL: 'warn',
    }
    service = spawn(process.execPath, ['bin/belfry.js', 'start'], { cwd: app, env })
    let said = ''
    service.stdout?.on('data', (chunk) => (said += String(chunk)))
    service.stderr?.on('data', (chunk) => (said += String(chunk)))
    const ended = once(service, 'exit')
    const check = () =>
      spawnSync(process.execPath, ['deploy/healthcheck.js'], { cwd: app, env }).status === 0
    await waitFor(() => service?.exitCode !== null || check(), { message: 'not healthy' })
    expect(service.exitCode, said).toBeNull()
    service.kill('SIGTERM')
    expect(await ended, said).toEqual([0, null])
  })
})
