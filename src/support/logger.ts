import { type Logger, pino } from 'pino'

export type { Logger } from 'pino'

const SECRET = /^(authorization|token|password|secret|api_?key|access_token|x-belfry-key)$/i

/** The process's log: JSON lines, secrets hidden at any depth. */
export function createLogger(level: string, destination?: { write(line: string): void }): Logger {
  const options = {
    level,
    base: null,
    formatters: { level: (label: string) => ({ level: label }), log: hideSecrets },
    serializers: { err: (error: Error) => describeError(error) },
  }
  return destination ? pino(options, destination) : pino(options)
}

function describeError(error: unknown): unknown {
  if (!(error instanceof Error)) return error
  const cause = error.cause === undefined ? {} : { cause: describeError(error.cause) }
  return { type: error.name, message: error.message, stack: error.stack, ...cause }
}

function hideSecrets(record: Record<string, unknown>, depth = 0): Record<string, unknown> {
  const clean: Record<string, unknown> = {}
  for (const [name, value] of Object.entries(record)) {
    if (SECRET.test(name)) clean[name] = '[hidden]'
    else if (depth < 6 && isPlain(value)) clean[name] = hideSecrets(value, depth + 1)
    else clean[name] = value
  }
  return clean
}

function isPlain(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && value.constructor === Object
}
