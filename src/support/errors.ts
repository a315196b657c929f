/**
 * Every error that Belfry raises on purpose. `code` is the word that outsiders
 * see, the same on MQTT, HTTP and sockets; `status` is its HTTP status.
 *
 * @module
 */

export type ErrorCode =
  | 'invalid_payload'
  | 'invalid_json'
  | 'too_large'
  | 'unauthenticated'
  | 'forbidden'
  | 'not_found'
  | 'no_route'
  | 'conflict'
  | 'already_resolved'
  | 'idempotency_mismatch'
  | 'rate_limit_exceeded'
  | 'filtered'
  | 'expired'
  | 'unavailable'
  | 'internal'

/** What a client may be told about one field of its message. */
export interface Issue {
  readonly path: string
  readonly message: string
}

/** The envelope of a refusal, without the correlation that a door adds. */
export interface ErrorBody {
  readonly code: ErrorCode
  readonly message: string
  readonly issues?: readonly Issue[]
  readonly [extra: string]: unknown
}

/** Base class: a stable code, an HTTP status, and whether trying again may help. */
export abstract class BelfryError extends Error {
  abstract readonly code: ErrorCode
  readonly status: number = 500
  readonly retryable: boolean = false

  override get name(): string {
    return this.constructor.name
  }

  /** What is sent to the client; subclasses add their fields. */
  toBody(): ErrorBody {
    return { code: this.code, message: this.message }
  }
}

export class InvalidPayload extends BelfryError {
  readonly code = 'invalid_payload'
  override readonly status = 422
  readonly issues: readonly Issue[]

  constructor(message: string, issues: readonly Issue[] = [], options?: ErrorOptions) {
    super(message, options)
    this.issues = issues
  }

  override toBody(): ErrorBody {
    return { ...super.toBody(), issues: this.issues }
  }
}

export class InvalidJson extends BelfryError {
  readonly code = 'invalid_json'
  override readonly status = 400
}

export class TooLarge extends BelfryError {
  readonly code = 'too_large'
  override readonly status = 413
}

export class Unauthenticated extends BelfryError {
  readonly code = 'unauthenticated'
  override readonly status = 401
}

export class Forbidden extends BelfryError {
  readonly code = 'forbidden'
  override readonly status = 403
}

export class NotFound extends BelfryError {
  readonly code = 'not_found'
  override readonly status = 404
}

export class NoRoute extends BelfryError {
  readonly code = 'no_route'
  override readonly status = 404
}

export class Conflict extends BelfryError {
  readonly code = 'conflict'
  override readonly status = 409
}

export class AlreadyResolved extends BelfryError {
  readonly code = 'already_resolved'
  override readonly status = 409
}

export class IdempotencyMismatch extends BelfryError {
  readonly code = 'idempotency_mismatch'
  override readonly status = 422
}

/** Turned away by a rate limit; times in seconds, `resetTime` in epoch seconds. */
export class RateLimitExceeded extends BelfryError {
  readonly code = 'rate_limit_exceeded'
  override readonly status = 429
  override readonly retryable = true
  readonly retryAfter: number
  readonly maxRequests: number
  readonly windowSeconds: number
  readonly resetTime: number

  constructor(limit: {
    readonly retryAfter: number
    readonly maxRequests: number
    readonly windowSeconds: number
    readonly resetTime: number
  }) {
    super(`Rate limit exceeded. Try again in ${limit.retryAfter} seconds.`)
    this.retryAfter = limit.retryAfter
    this.maxRequests = limit.maxRequests
    this.windowSeconds = limit.windowSeconds
    this.resetTime = limit.resetTime
  }

  override toBody(): ErrorBody {
    return {
      ...super.toBody(),
      retry_after: this.retryAfter,
      rate_limit: {
        max_requests: this.maxRequests,
        window_seconds: this.windowSeconds,
        remaining: 0,
        reset_time: this.resetTime,
      },
    }
  }
}

/** Dropped on purpose by a rule; `reason` names the rule. */
export class Filtered extends BelfryError {
  readonly code = 'filtered'
  override readonly status = 422
  readonly reason: string
  /** Under which its trace says more. */
  readonly notificationId: string | null

  constructor(reason: string, message: string, notificationId: string | null = null) {
    super(message)
    this.reason = reason
    this.notificationId = notificationId
  }

  override toBody(): ErrorBody {
    const { reason, notificationId } = this
    return { ...super.toBody(), reason, ...traceOf(notificationId) }
  }
}

function traceOf(notificationId: string | null): { readonly notification_id?: string } {
  return notificationId === null ? {} : { notification_id: notificationId }
}

/** What came too late: its `expires_at` is over. */
export class Expired extends BelfryError {
  readonly code = 'expired'
  override readonly status = 422
  /** Under which its trace says more. */
  readonly notificationId: string | null

  constructor(message: string, notificationId: string | null = null) {
    super(message)
    this.notificationId = notificationId
  }

  override toBody(): ErrorBody {
    return { ...super.toBody(), ...traceOf(this.notificationId) }
  }
}

/** A part that this call needs is away: store, broker or provider. */
export class Unavailable extends BelfryError {
  readonly code = 'unavailable'
  override readonly status = 503
  override readonly retryable = true
}

/** What an unexpected error looks like from outside: its cause stays in the log. */
export class Internal extends BelfryError {
  readonly code = 'internal'
}

/** Any thrown value as a `BelfryError`; what was not raised on purpose becomes `internal`. */
export function asBelfryError(error: unknown): BelfryError {
  if (error instanceof BelfryError) return error
  return new Internal('The server failed to handle this message.', { cause: error })
}

/** The text of any thrown value, for logs and records. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
