import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, existsSync, mkdtempSync, openSync, readFileSync } from 'node:fs'
import { connect, Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { waitFor } from './wait-for.ts'

/** A server in a process of its own, on a loopback port, with a directory of its own. */
export interface TestServer {
  readonly port: number
  readonly url: string
  readonly dir: string
  /** The process that runs now; changes with `restart`. */
  readonly pid: number
  /** What the process that ended last said; `null` when a signal ended it, or none has ended. */
  readonly exitCode: number | null
  /** Ends the process and waits for its end; the directory stays. Default: SIGTERM. */
  stop(signal?: NodeJS.Signals): Promise<void>
  /** Starts it again on the same port and directory, after stopping it if it still runs. */
  restart(signal?: NodeJS.Signals): Promise<void>
  /** What it wrote to its log so far. */
  log(): string
}

export interface ServerPlan {
  readonly name: string
  /** Where its program is. Default: looked for under `name`. */
  readonly program?: string
  /** Its environment, in place of ours. */
  readonly environment?: (port: number, dir: string) => Readonly<Record<string, string>>
  readonly url: (port: number) => string
  /** Writes what it needs into `dir` and answers with the arguments of the command. */
  readonly prepare: (port: number, dir: string) => readonly string[] | Promise<readonly string[]>
  readonly isReady: (port: number) => Promise<boolean>
}

/** Where a server's program is; `null` when this machine does not have it. */
export function findServer(name: string): string | null {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin']
  return folders.map((folder) => join(folder, name)).find((path) => existsSync(path)) ?? null
}

/** One server process and its successors on the same port and directory. */
export class ServerProcess implements TestServer {
  readonly port: number
  readonly url: string
  readonly dir: string
  exitCode: number | null = null
  readonly #plan: ServerPlan
  #child: ChildProcess | null = null
  readonly #guard: ChildProcess

  constructor(plan: ServerPlan, port: number) {
    this.#plan = plan
    this.port = port
    this.url = plan.url(port)
    this.dir = mkdtempSync(join(tmpdir(), `belfry-${plan.name}-`))
    this.#guard = startGuard(this.dir)
  }

  get pid(): number {
    if (this.#child?.pid === undefined) throw new Error(`${this.#plan.name} does not run`)
    return this.#child.pid
  }

  log(): string {
    return readFileSync(join(this.dir, 'server.log'), 'utf8')
  }

  async start(): Promise<void> {
    const program = this.#plan.program ?? findServer(this.#plan.name)
    if (program === null) throw new Error(`${this.#plan.name} is not installed`)
    const args = await this.#plan.prepare(this.port, this.dir)
    const log = openSync(join(this.dir, 'server.log'), 'a')
    const child = spawn(program, args, {
      cwd: this.dir,
      env: this.#plan.environment?.(this.port, this.dir) ?? process.env,
      stdio: ['ignore', log, log],
    })
    this.#child = child
    child.unref()
    closeSync(log)
    this.#guard.stdin!.write(`${child.pid}\n`)
    await waitFor(async () => child.exitCode !== null || (await this.#plan.isReady(this.port)), {
      deadlineMs: 60_000,
      message: `${this.#plan.name} did not become ready`,
    })
    if (child.exitCode !== null) {
      throw new Error(`${this.#plan.name} ended at its start:\n${this.log()}`)
    }
  }

  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    const child = this.#child
    if (child === null) return
    if (child.exitCode === null && child.signalCode === null) {
      const ended = once(child, 'exit')
      child.ref()
      child.kill(signal)
      await ended
    }
    this.exitCode = child.exitCode
    this.#child = null
    this.#guard.stdin!.write('\n')
  }

  async restart(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    await this.stop(signal)
    await this.start()
  }

  /** Ends it for good: the directory goes too. */
  async remove(): Promise<void> {
    await this.stop('SIGKILL')
    this.#guard.stdin!.end()
  }
}

/**
 * Ends the server and removes its directory when this process ends, in whatever
 * way it does: the pipe closes, and the guard kills the one process that it was
 * told of last (an empty line: none).
 */
function startGuard(dir: string): ChildProcess {
  const script = 'while read line; do pid=$line; done; [ -n "$pid" ] && kill -9 "$pid"; rm -rf "$1"'
  const guard = spawn('/bin/sh', ['-c', script, 'guard', dir], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  })
  guard.unref()
  guard.stdin!.on('error', () => undefined)
  if (guard.stdin instanceof Socket) guard.stdin.unref()
  return guard
}

/** Whether something on the port answers `request` with a text that holds `expected`. */
export function answers(
  port: number,
  request: string | Buffer,
  expected: string,
): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    const finish = (answer: boolean) => {
      socket.destroy()
      resolve(answer)
    }
    let text = ''
    socket.setTimeout(1_000, () => finish(false))
    socket.on('connect', () => socket.write(request))
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1')
      finish(text.includes(expected))
    })
    socket.on('error', () => finish(false))
    socket.on('close', () => finish(false))
  })
}
