import { messageOf } from '../../src/index.ts'
import { isUnreachable } from './channel.ts'
import { TOKEN_SERVICE_AWAY } from './google-token.ts'
import { retryAfterOf } from './http/http-outcome.ts'
import type { DeviceOutcome } from './push-carrier.ts'

/** What an error of one token means, and what it tells about the others. */
export interface FcmVerdict {
  readonly outcome: DeviceOutcome
  /** Nothing will be taken before somebody changes the credentials. */
  readonly isBadCredentials?: boolean
  /** The token or the message, Firebase does not say which. */
  readonly isInvalidArgument?: boolean
}

/** What we read of the errors of Firebase's client. */
interface FcmError {
  readonly code?: string
  readonly cause?: unknown
  readonly httpResponse?: {
    readonly status?: number
    readonly headers?: Readonly<Record<string, unknown>>
    readonly data?: unknown
  }
}

/** Words of the server itself after which a token is dead. */
const DEAD_WORDS = ['UNREGISTERED', 'SENDER_ID_MISMATCH']
const INVALID_TOKEN = 'invalid-registration-token'
const TRY_AGAIN = [
  'message-rate-exceeded',
  'device-message-rate-exceeded',
  'server-unavailable',
  'internal-error',
  'unknown-error',
  'network-timeout',
]
const BAD_CREDENTIALS = [
  'authentication-error',
  'third-party-auth-error',
  'invalid-credential',
  // Without the server's SENDER_ID_MISMATCH it is us who may not send.
  'mismatched-credential',
]

/**
 * What became of one token. It is dead only when the server itself says
 * `UNREGISTERED` or `SENDER_ID_MISMATCH`, or calls it no token: the client's own
 * codes also stand for a project that is not there (404) and for an account that
 * may not send (403), and a quota or a time-out says nothing of a token.
 */
export function fcmOutcome(error: unknown, now: number): FcmVerdict {
  const { code = '', httpResponse = {} } = (error ?? {}) as FcmError
  const word = code.replace(/^[a-z]+\//, '')
  const reason = `${word === '' ? 'error' : word}: ${messageOf(error)}`
  const serverWord = serverWordOf(httpResponse.data)
  if (DEAD_WORDS.includes(serverWord) || word === INVALID_TOKEN) {
    return { outcome: { status: 'dead', reason } }
  }
  if (word === 'invalid-argument' || word === 'invalid-payload') {
    const namesToken = /registration token|message\.token/i.test(messageOf(error))
    const status = namesToken ? 'dead' : 'failed'
    return { outcome: { status, reason }, isInvalidArgument: true }
  }
  if (hasNoConnection(error)) return { outcome: { status: 'unreachable', reason } }
  if (BAD_CREDENTIALS.includes(word)) {
    const outcome = { status: 'unreachable', reason: `bad_credentials: ${reason}` } as const
    // The project lacks a key for Apple or for browsers: other devices are reached all the same.
    if (serverWord === 'THIRD_PARTY_AUTH_ERROR') {
      return { outcome: { ...outcome, isAboutRecipient: true } }
    }
    return { outcome, isBadCredentials: true }
  }
  if (TRY_AGAIN.includes(word) || (httpResponse.status ?? 500) >= 500) {
    const headers = { 'retry-after': String(httpResponse.headers?.['retry-after'] ?? '') }
    const retryAfterMs = retryAfterOf({ headers }, now)
    return { outcome: { status: 'retry', reason, ...(retryAfterMs ? { retryAfterMs } : {}) } }
  }
  return { outcome: { status: 'failed', reason } }
}

/** `errorCode` of the details that are Firebase's own. */
function serverWordOf(data: unknown): string {
  const { error } = (data ?? {}) as { error?: { details?: readonly { errorCode?: string }[] } }
  return error?.details?.find(({ errorCode }) => errorCode !== undefined)?.errorCode ?? ''
}

/** Errors of the network lie a few causes deep, and those of tokens in the text alone. */
function hasNoConnection(error: unknown): boolean {
  for (let cause = error, depth = 0; cause && depth < 5; depth++) {
    if (isUnreachable(cause)) return true
    cause = (cause as FcmError).cause
  }
  return messageOf(error).includes(TOKEN_SERVICE_AWAY)
}
