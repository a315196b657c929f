import { type BelfryError, type ErrorCode, Unauthenticated } from '../support/errors.ts'
import { HttpReply } from './http-reply.ts'

const TITLES: Readonly<Record<ErrorCode, string>> = {
  invalid_payload: 'The request is not as it should be',
  invalid_json: 'The body is not JSON',
  too_large: 'The body is too large',
  unauthenticated: 'Not authenticated',
  forbidden: 'Not allowed',
  not_found: 'Not found',
  no_route: 'There is nothing at this address',
  conflict: 'It does not fit the present state',
  already_resolved: 'It is resolved already',
  idempotency_mismatch: 'The idempotency key was used with another body',
  rate_limit_exceeded: 'Too many requests',
  filtered: 'Filtered by a rule',
  expired: 'Expired',
  unavailable: 'Not available for the moment',
  internal: 'The server failed',
}

export const PROBLEM_TYPE = 'application/problem+json; charset=utf-8'

/**
 * An error as RFC 9457 wants it, with our `code` and the fields of its kind
 * (`issues`, `retry_after`, …); with `Retry-After` where it is known.
 */
export function problemOf(error: BelfryError): HttpReply {
  const { message, ...fields } = error.toBody()
  const body = {
    type: `urn:belfry:error:${error.code}`,
    title: TITLES[error.code],
    status: error.status,
    detail: message,
    ...fields,
  }
  return new HttpReply(error.status, body, { 'content-type': PROBLEM_TYPE, ...headersOf(error) })
}

/** Errors may know when to come back (`retryAfter`, seconds) and carry headers of their own. */
function headersOf(error: BelfryError): Readonly<Record<string, string>> {
  const { retryAfter, headers } = error as {
    retryAfter?: unknown
    headers?: Readonly<Record<string, string>>
  }
  return {
    ...(typeof retryAfter === 'number' ? { 'retry-after': String(retryAfter) } : {}),
    ...(error instanceof Unauthenticated ? { 'www-authenticate': 'Bearer' } : {}),
    ...headers,
  }
}
