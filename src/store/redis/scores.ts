/**
 * A queue's moments, in milliseconds everywhere else, are kept in seconds with a
 * fraction, as scripts that know the sorted sets `email_queue:scheduled` and
 * `email_queue:leases` expect (contract §7).
 *
 * @module
 */

const IN_SECONDS = /_queue:(scheduled|leases)$/

/** The score under which the server keeps what has `score` for us. */
export function toServerScore(key: string, score: number): number {
  return IN_SECONDS.test(key) ? score / 1000 : score
}

/** The inverse; moments come back as whole milliseconds. */
export function fromServerScore(key: string, score: number): number {
  return IN_SECONDS.test(key) ? secondsToMs(score) : score
}

export function secondsToMs(seconds: number): number {
  return Number.isFinite(seconds) ? Math.round(seconds * 1000) : seconds
}
