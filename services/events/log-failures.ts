import { EventListener, type Logger } from '../../src/index.ts'

/** Writes into the log that something failed, by whatever name (seed: `*.failed`). */
export class LogFailures extends EventListener {
  readonly #log: Logger

  constructor(log: Logger) {
    super()
    this.#log = log
  }

  handle(event: unknown, name: string): void {
    const { message, exception, listener, channel } = detailsOf(event)
    this.#log.warn({ event: name, listener, channel, reason: message ?? exception }, 'failed')
  }
}

function detailsOf(event: unknown): Readonly<Record<string, unknown>> {
  if (typeof event !== 'object' || event === null) return {}
  const { data, ...rest } = event as Readonly<Record<string, unknown>>
  return typeof data === 'object' ? { ...data, ...rest } : rest
}
