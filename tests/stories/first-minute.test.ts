import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterEach, describe, expect, it } from 'vitest'
import { Device } from '../support/mqtt-device.ts'
import { freePort, requireServer } from '../support/servers.ts'
import { type Parts, startSurroundings } from '../support/service.ts'
import { waitFor } from '../support/wait-for.ts'

const ROOT = join(import.meta.dirname, '..', '..')
/** It should take less than three seconds; on a busy machine a test must not fail for that. */
const READY_WITHIN_MS = 60_000
/** Ctrl-C stops within five; npm and the machine have their share, which the start shows. */
const STOPPED_WITHIN_MS = 5_000

const run = promisify(execFile)
const undo: (() => Promise<void> | void)[] = []
afterEach(async () => {
  for (const step of undo.splice(0).reverse()) await step()
})

/** `npm start`, as it would run in a terminal. */
class Terminal {
  readonly child: ChildProcess
  readonly mqttUrl: string
  output = ''

  constructor(env: Readonly<Record<string, string>>) {
    this.mqttUrl = `mqtt://127.0.0.1:${env.MQTT_PORT}`
    // A process group of its own is what the terminal sends its signals to.
    this.child = spawn('npm', ['start'], {
      ...{ cwd: ROOT, detached: true, stdio: ['ignore', 'pipe', 'pipe'] },
      env: { PATH: process.env.PATH, HOME: process.env.HOME, ...env },
    })
    this.child.stdout?.on('data', (text: Buffer) => (this.output += text.toString()))
    this.child.stderr?.on('data', (text: Buffer) => (this.output += text.toString()))
    undo.push(() => this.#end())
  }

  async ready(): Promise<string> {
    const isThere = () => {
      if (this.child.exitCode !== null) throw new Error(this.output)
      return /ready in .*\n.*api\/outbox/s.test(this.output)
    }
    await waitFor(isThere, { deadlineMs: READY_WITHIN_MS, message: 'it is not ready' })
    return this.output
  }

  /** What a terminal does at Ctrl-C; resolves when npm has ended. */
  async interrupt(): Promise<void> {
    const ended = once(this.child, 'exit')
    process.kill(-this.child.pid!, 'SIGINT')
    await ended
  }

  #end(): void {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return
    process.kill(-this.child.pid!, 'SIGKILL')
  }
}

async function environment(more: Readonly<Record<string, string>> = {}) {
  const dataDir = mkdtempSync(join(tmpdir(), 'belfry-first-'))
  undo.push(() => rmSync(dataDir, { recursive: true, force: true }))
  const [http, mqtt] = [await freePort(), await freePort()]
  return { HTTP_PORT: String(http), MQTT_PORT: String(mqtt), DATA_DIR: dataDir, ...more }
}

/** The lines that are printed to be tried, as they are printed, continuations joined. */
function printedCommands(output: string): string[] {
  const lines = output.slice(output.indexOf('Try, in a second terminal:')).split('\n')
  const shown = lines.map((line) => line.replace(/^ {2}/, '')).join('\n')
  return shown
    .replaceAll('\\\n', '\\\u0000')
    .split('\n')
    .flatMap((line) => {
      return /^(mosquitto_pub|curl) /.test(line) ? [line.replaceAll('\u0000', '\n')] : []
    })
}

const shell = async (command: string) => (await run('sh', ['-c', command])).stdout
const hasTools = requireServer('mosquitto_pub') && requireServer('curl')
const hasServers = requireServer('mosquitto') && requireServer('redis-server')
const PARTS: Parts[] = hasServers ? ['embedded', 'external'] : ['embedded']

describe.skipIf(!hasTools)('the first minute', () => {
  it.each(PARTS)('npm start (%s): every line that it prints works as printed', async (parts) => {
    const surroundings = await startSurroundings(parts)
    undo.push(() => surroundings.stop())
    const startedAt = performance.now()
    const terminal = new Terminal(await environment(surroundings.env))
    const output = await terminal.ready()
    const startMs = performance.now() - startedAt
    const own = /ready in ([\d.]+) s/.exec(output)?.[1]
    const seconds = (startMs / 1000).toFixed(1)
    process.stderr.write(`npm start (${parts}) was ready in ${seconds} s (${own} s)\n`)

    const commands = printedCommands(output)
    expect(commands.map((line) => line.split(' ')[0])).toEqual([
      ...['mosquitto_pub', 'curl', 'curl', 'mosquitto_pub', 'curl'],
    ])
    const [hello, again, inbox, mail, outbox] = commands as [string, string, string, string, string]
    await shell(hello)
    expect(JSON.parse(await shell(again))).toMatchObject({ notifications: [{ user_id: '42' }] })
    const record = await waitFor(async () => {
      const { data } = JSON.parse(await shell(inbox))
      return data.length === 2 ? data : null
    })
    const messages = record.map((one: { message: string }) => one.message).sort()
    expect(messages).toEqual(['Hello', 'Hello again'])
    await shell(mail)
    const [kept] = await waitFor(async () => {
      const { data } = JSON.parse(await shell(outbox))
      return data.length > 0 ? data : null
    })
    expect(kept).toMatchObject({ channel: 'email', to: 'ada@example.com', subject: 'Hello' })

    const interruptedAt = performance.now()
    await terminal.interrupt()
    expect(performance.now() - interruptedAt).toBeLessThan(STOPPED_WITHIN_MS + startMs)
    expect(terminal.output).not.toMatch(/"level":"(error|fatal)"/)
  })

  it('npm start with authentication: what it prints works with the key that it prints', async () => {
    const terminal = new Terminal(await environment({ BELFRY_AUTH: 'token' }))
    const output = await terminal.ready()
    const script = output.slice(output.indexOf('  export BELFRY_TOKEN='))
    const answers = await shell(`set -e\n${script}`)
    expect(answers).toContain('"message":"Hello"')
    expect(answers).toContain('"message":"Hello again"')
    const [key, outbox] = [script.split('\n')[0], printedCommands(output).at(-1)]
    await waitFor(async () => (await shell(`${key}\n${outbox}`)).includes('"ada@example.com"'))
    await terminal.interrupt()
  })

  it('Ctrl-C while messages arrive: what was acknowledged is there after the next start', async () => {
    const env = await environment({ RATE_LIMIT: 'off' })
    const terminal = new Terminal(env)
    await terminal.ready()
    const device = await Device.connect(terminal.mqttUrl, '311')
    undo.push(() => device.close())
    const acknowledged: string[] = []
    let isOver = false
    const publishing = (async () => {
      for (let n = 0; !isOver; n++) {
        const message = String(n)
        const user = `user-${n % 50}`
        device
          .publish(`notifications/realtime/user/${user}`, { message })
          .then(() => acknowledged.push(message))
          .catch(() => undefined)
        if (n % 20 === 0) await new Promise((go) => setImmediate(go))
        if (n === 4000) break
      }
    })()
    await waitFor(() => acknowledged.length > 200)
    await terminal.interrupt()
    isOver = true
    await publishing

    const next = new Terminal(env)
    await next.ready()
    const kept = new Set<string>()
    for (let n = 0; n < 50; n++) {
      const address = `http://127.0.0.1:${env.HTTP_PORT}/api/notifications?limit=100&user_id=user-${n}`
      const { data } = (await (await fetch(address)).json()) as { data: { message: string }[] }
      for (const { message } of data) kept.add(message)
    }
    expect(acknowledged.filter((message) => !kept.has(message))).toEqual([])
    await next.interrupt()
  })
})
