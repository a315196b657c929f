import { setTimeout as pause } from 'node:timers/promises'

export interface WaitOptions {
  /**
   * How long to go on asking, in milliseconds; long enough for a slow machine, it only
   * matters when nothing comes. Default: 25 000, which is less than the half minute after
   * which caches are read again and doubtful things repeated: those do not hide what is lost.
   */
  readonly deadlineMs?: number
  /** What did not happen, for the error. */
  readonly message?: string | (() => string)
}

/**
 * Asks `condition` again and again until it answers something truthy, and
 * answers with that. Rejects with `message` (and the last error that the
 * condition threw as its cause) when the deadline has passed.
 */
export async function waitFor<Value>(
  condition: () => Value | Promise<Value>,
  { deadlineMs = 25_000, message = 'the condition was not met in time' }: WaitOptions = {},
): Promise<Exclude<Value, false | null | undefined | 0 | ''>> {
  const endsAt = performance.now() + deadlineMs
  let cause: unknown
  for (let waitMs = 2; ; waitMs = Math.min(waitMs * 1.5, 50)) {
    try {
      const value = await condition()
      if (value) return value as Exclude<Value, false | null | undefined | 0 | ''>
      cause = undefined
    } catch (error) {
      cause = error
    }
    if (performance.now() > endsAt) {
      const said = typeof message === 'string' ? message : message()
      throw new Error(`${said} (after ${deadlineMs} ms)`, cause === undefined ? {} : { cause })
    }
    await pause(waitMs)
  }
}
