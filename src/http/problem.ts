import { type BelfryError, Unauthenticated } from '../support/errors.ts'
import { PROBLEM_TYPE, problemBody } from '../support/problem.ts'
import { HttpReply } from './http-reply.ts'

/** The answer that tells of an error; with `Retry-After` where it is known. */
export function problemOf(error: BelfryError): HttpReply {
  return new HttpReply(error.status, problemBody(error), {
    'content-type': PROBLEM_TYPE,
    ...headersOf(error),
  })
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
