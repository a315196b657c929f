import { type BelfryError, Internal, messageOf, Unavailable } from '../../support/errors.ts'

/** Error replies that say: not now. Redis sends the code as the first word. */
const NOT_NOW = new Set([
  'BUSY',
  'CLUSTERDOWN',
  'LOADING',
  'MASTERDOWN',
  'MISCONF',
  'NOAUTH',
  'NOREPLICAS',
  'OOM',
  'READONLY',
  'TRYAGAIN',
  'UNKILLABLE',
  'WRONGPASS',
])

/**
 * What an error of the client or of the server means to the caller. Lost
 * connections, timeouts and states that pass are `Unavailable`: the command may
 * or may not have been carried out. The rest is a mistake of ours.
 */
export function redisFailure(error: unknown): BelfryError {
  const message = messageOf(error)
  // The client hangs the command with all that it was to write on its errors.
  if (error instanceof Error && 'command' in error) delete error.command
  const isReply = error instanceof Error && error.name === 'ReplyError'
  if (isReply && !NOT_NOW.has(message.split(' ', 1)[0]!)) {
    return new Internal(`Redis refused a command: ${message}`, { cause: error })
  }
  return new Unavailable(`Redis is not available: ${message}`, { cause: error })
}

/** The error that a script reports for one write of its batch. */
export function writeFailure(message: string): BelfryError {
  return new Internal(`Redis refused a write: ${message}`)
}
