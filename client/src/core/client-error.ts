/** What the service refused, or that it could not be reached (`code` is then `unreachable`). */
export class ClientError extends Error {
  override readonly name = 'ClientError'
  /** The stable word of the service: `unauthenticated`, `not_found`, `rate_limit_exceeded` … */
  readonly code: string
  /** HTTP status; 0 where there was no answer. */
  readonly status: number

  constructor(code: string, message: string, status = 0, options?: ErrorOptions) {
    super(message, options)
    this.code = code
    this.status = status
  }
}
