import type { BelfryError, ErrorCode } from './errors.ts'

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

/** An error as RFC 9457 wants it, with our `code` and the fields of its kind (`issues`, `retry_after`, …). */
export function problemBody(error: BelfryError): Readonly<Record<string, unknown>> {
  const { message, ...fields } = error.toBody()
  return {
    type: `urn:belfry:error:${error.code}`,
    title: TITLES[error.code],
    status: error.status,
    detail: message,
    ...fields,
  }
}
