import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'

/** What `belfry start` gives itself (docs/adr/0039-young-memory.md), ours and peers alike. */
const YOUNG_MEMORY = ['--min-semi-space-size=32', '--max-semi-space-size=32']

/** Load and yardsticks run in processes of their own; each answers one command at a time. */
export class Child {
  readonly #process: ChildProcess

  private constructor(process: ChildProcess) {
    this.#process = process
  }

  /** Runs a module of `benchmarks/` and waits for its first message, `{ ready: true }` or more. */
  static async start<Hello = unknown>(file: string, args: readonly string[] = []) {
    const child = fork(new URL(`../${file}`, import.meta.url), args, {
      execArgv: ['--expose-gc', '--disable-warning=ExperimentalWarning', ...YOUNG_MEMORY],
    })
    const started = new Child(child)
    return { child: started, hello: await started.#answer<Hello>() }
  }

  get pid(): number {
    return this.#process.pid ?? 0
  }

  async ask<Answer = unknown>(command: object): Promise<Answer> {
    const answered = this.#answer<Answer>()
    this.#process.send(command)
    return answered
  }

  /** The next message, whatever brings it. */
  next<Answer = unknown>(): Promise<Answer> {
    return this.#answer<Answer>()
  }

  /** Sends a command that has no answer, or one that is waited for elsewhere. */
  tell(command: object): void {
    this.#process.send(command)
  }

  async stop(): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return
    const ended = once(this.#process, 'exit')
    this.#process.disconnect()
    await ended
  }

  async #answer<Answer>(): Promise<Answer> {
    const ended = new AbortController()
    const failed = once(this.#process, 'exit', { signal: ended.signal }).then(([code]) => {
      throw new Error(`a process of the benchmark ended with ${code}`)
    })
    failed.catch(() => undefined)
    try {
      const answered = once(this.#process, 'message', { signal: ended.signal })
      const [answer] = (await Promise.race([answered, failed])) as [Answer]
      return answer
    } finally {
      ended.abort()
    }
  }
}

/** The child's side: says hello, answers every command with what `handle` returns, ends with its parent. */
export function answerParent<Command>(
  hello: object,
  handle: (command: Command) => Promise<object> | object,
): void {
  process.on('message', (command) => {
    Promise.resolve(handle(command as Command)).then(
      (answer) => process.send?.(answer),
      (error: unknown) => {
        console.error(error)
        process.exit(1)
      },
    )
  })
  process.on('disconnect', () => process.exit())
  process.send?.({ ready: true, ...hello })
}
