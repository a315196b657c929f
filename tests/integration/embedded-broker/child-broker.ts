import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface, type Interface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { atEnd } from './harness.ts'

const SCRIPT = fileURLToPath(new URL('broker-process.ts', import.meta.url))

/** A broker in a process of its own that can be killed. */
export class ChildBroker {
  readonly port: number
  readonly #child: ChildProcess
  readonly #lines: Interface

  private constructor(child: ChildProcess, lines: Interface, port: number) {
    this.#child = child
    this.#lines = lines
    this.port = port
  }

  static async start(directory: string, port = 0): Promise<ChildBroker> {
    const child = spawn(process.execPath, [SCRIPT, String(port), directory], {
      stdio: ['pipe', 'pipe', 'inherit'],
    })
    atEnd(() => child.kill('SIGKILL'))
    const lines = createInterface({ input: child.stdout! })
    const [line] = (await once(lines, 'line')) as [string]
    return new ChildBroker(child, lines, Number(line))
  }

  get url(): string {
    return `mqtt://127.0.0.1:${this.port}`
  }

  /** Ends it as a power switch would, and waits until it is gone. */
  async kill(): Promise<void> {
    const gone = once(this.#child, 'exit')
    this.#child.kill('SIGKILL')
    await gone
  }

  /** Resident memory in bytes. */
  async rss(): Promise<number> {
    const answer = once(this.#lines, 'line')
    this.#child.stdin!.write('rss\n')
    const [line] = (await answer) as [string]
    return Number(line)
  }
}
