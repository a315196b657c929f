import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { freePort } from '../support/free-port.ts'
import { waitFor } from '../support/wait-for.ts'

const BELFRY = join(import.meta.dirname, '../../bin/belfry.js')

describe('belfry start', () => {
  const children: ChildProcess[] = []
  let folder: string

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'belfry-start-'))
  })
  afterEach(() => {
    for (const child of children.splice(0)) child.kill('SIGKILL')
    rmSync(folder, { recursive: true })
  })

  function start(env: Readonly<Record<string, string>>) {
    const child = spawn(process.execPath, [BELFRY, 'start'], {
      cwd: folder,
      env: { PATH: process.env.PATH, HTTP_PORT: '0', MQTT_PORT: '0', ...env },
    })
    children.push(child)
    const run = { output: '', child, ended: once(child, 'exit') }
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (text: Buffer) => (run.output += text.toString()))
    }
    return run
  }

  it.each(['SIGTERM', 'SIGINT'] as const)(
    'hears %s before it is ready, as the first process of a container has to',
    async (signal) => {
      const run = await whileRedisIsAway()
      run.child.kill(signal)
      expect(await run.ended).toEqual([0, null])
      expect(run.output).not.toContain('is ready')
    },
  )

  async function whileRedisIsAway() {
    const run = start({ REDIS_URL: `redis://127.0.0.1:${await freePort()}` })
    await waitFor(() => run.output.includes('connection to Redis failed'), { deadlineMs: 30_000 })
    return run
  }

  it('names a DATA_DIR that it cannot use, and who would have to be able to', async () => {
    const file = join(folder, 'a-file')
    writeFileSync(file, '')
    const run = start({ DATA_DIR: file })
    expect(await run.ended).toEqual([1, null])
    expect(run.output).toContain(`DATA_DIR ${file} cannot be written by the user`)
  })
})
