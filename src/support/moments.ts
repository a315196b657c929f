/** How long from now, in seconds, or at which moment. */
export type Delay = number | Date

/** The moment that a delay ends, in epoch milliseconds; `null`: there is none. */
export function delayedUntil(delay: Delay | null | undefined, now: number): number | null {
  if (delay === null || delay === undefined) return null
  const at = delay instanceof Date ? delay.getTime() : now + delay * 1000
  if (Number.isNaN(at)) throw new TypeError('A delay is a number of seconds, or a date.')
  return at > now ? at : null
}
