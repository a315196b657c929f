import { backoffMs } from '../../src/index.ts'

const SECOND_MS = 1000
const MINUTE_MS = 60 * SECOND_MS
const HOUR_MS = 60 * MINUTE_MS

const MAX_ATTEMPTS = 3

/** What is news now: whoever listens has looked elsewhere after some minutes. */
const SOON = [SECOND_MS, 5 * SECOND_MS, 30 * SECOND_MS, 2 * MINUTE_MS, 10 * MINUTE_MS]

/**
 * Waits between the tries of channels whose receivers are not services of
 * vendors but machines of users, which may be away for a day. Milliseconds.
 */
const SCHEDULES: Readonly<Record<string, readonly number[]>> = {
  webhook: [
    5 * SECOND_MS,
    5 * MINUTE_MS,
    30 * MINUTE_MS,
    2 * HOUR_MS,
    5 * HOUR_MS,
    10 * HOUR_MS,
    10 * HOUR_MS,
  ],
  'channel-webhook': [...SOON, HOUR_MS],
  broadcasts: SOON,
  'critical-broadcasts': SOON,
}

/** How long an unreachable provider is waited for before a delivery fails. */
export const PATIENCE_MS = 24 * HOUR_MS

/** How often a channel's provider is asked before a delivery fails. */
export function maxAttemptsOf(channel: string): number {
  const schedule = SCHEDULES[channel]
  return schedule === undefined ? MAX_ATTEMPTS : schedule.length + 1
}

/**
 * How long a delivery waits after so many tries: its channel's schedule, up to a
 * tenth later so that not all come at once, or full jitter. Milliseconds.
 */
export function retryWaitMs(
  channel: string,
  attempts: number,
  random: () => number = Math.random,
): number {
  const step = SCHEDULES[channel]?.[attempts - 1]
  return step === undefined ? backoffMs(attempts, random) : Math.round(step * (1 + random() / 10))
}
