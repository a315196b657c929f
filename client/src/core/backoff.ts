const BASE_MS = 1000
const CAP_MS = 30_000

/**
 * How long to wait before try number `attempt` (from 0): exponential, with full
 * jitter, so that clients that were cut off together do not come back together.
 */
export function backoffMs(attempt: number, random: () => number): number {
  return random() * Math.min(CAP_MS, BASE_MS * 2 ** attempt)
}
