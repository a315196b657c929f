/**
 * How long to wait before the next try: full jitter over an exponential range,
 * `random(0, min(60 s, 2^attempts · 1 s))`, at least 100 ms (AWS Architecture
 * Blog, "Exponential Backoff and Jitter"). Milliseconds.
 */
export function backoffMs(attempts: number, random: () => number = Math.random): number {
  const range = Math.min(60_000, 1000 * 2 ** attempts)
  return Math.max(100, Math.round(random() * range))
}
