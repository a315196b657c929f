import { setTimeout as pause } from 'node:timers/promises'
import { type Inbox, type InboxNotification, inbox } from '../notifications/inbox.ts'

export interface WaitOptions {
  /** How many there must be. Default: 1. */
  readonly expected?: number
  /** Seconds. Default: 10. */
  readonly timeout?: number
  /** Those alone that fit. */
  readonly where?: (notification: InboxNotification) => boolean
}

const FIRST_PAUSE_MS = 100
const LONGEST_PAUSE_MS = 500

/**
 * Waits until somebody has so many notifications in the inbox, and answers with
 * them, newest first. Rejects with what was there instead.
 */
export async function waitForNotifications(
  user: string | { readonly id?: string | number } | Inbox,
  { expected = 1, timeout = 10, where = () => true }: WaitOptions = {},
): Promise<readonly InboxNotification[]> {
  const box = typeof user === 'object' && 'paginate' in user ? user : inbox(user)
  const endsAt = performance.now() + timeout * 1000
  for (let waitMs = FIRST_PAUSE_MS; ; waitMs = Math.min(waitMs * 1.5, LONGEST_PAUSE_MS)) {
    const all = await box.get()
    const found = all.filter(where)
    if (found.length === expected) return found
    if (performance.now() > endsAt) throw new Error(wordsFor(expected, timeout, found, all))
    await pause(waitMs)
  }
}

function wordsFor(
  expected: number,
  timeout: number,
  found: readonly InboxNotification[],
  all: readonly InboxNotification[],
): string {
  const titles = all.map(({ type, title }) => `${type}: ${title}`).join('; ') || 'nothing'
  return `Waited ${timeout} s for ${expected} notifications; there are ${found.length}. In the inbox: ${titles}.`
}
