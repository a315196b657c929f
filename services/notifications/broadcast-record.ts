import { isoTime } from '../../src/index.ts'
import type { Message } from './notification-record.ts'

/** How long a broadcast is kept that has work before it, counted from its moment. Milliseconds. */
export const KEPT_MS = 7 * 86_400_000

/** Who is meant: everybody, or the union of users, groups and roles. */
export interface Audience {
  readonly everybody: boolean
  readonly users: readonly string[]
  readonly groups: readonly string[]
  readonly roles: readonly string[]
  /**
   * Of these only whose clock shows it: time zone → the time there that it is about;
   * `''`: those who have no zone of their own.
   */
  readonly clocks?: Readonly<Record<string, string>>
}

/** A message to many, and how far its fan-out has come (`broadcast:<id>`). */
export interface BroadcastRecord {
  readonly id: string
  readonly title: string
  readonly message: string
  readonly type: string
  readonly target_groups: readonly string[]
  readonly audience: Audience
  readonly timestamp: number
  readonly created_at: string
  readonly status: 'running' | 'done'
  /** Recipients selected when it was accepted. */
  readonly selected: number
  /** Recipients it was stored for so far. */
  readonly sent_count: number
  readonly failed_count: number
  readonly finished_at: string | null
}

export const EVERYBODY: Audience = { everybody: true, users: [], groups: [], roles: [] }

/** `user:42`, `group:ops`, `role:admin` and `all` as one audience; other words are `null`. */
export function parseAudience(words: readonly string[]): Audience | null {
  const audience = { everybody: false, users: [], groups: [], roles: [] } as {
    everybody: boolean
    users: string[]
    groups: string[]
    roles: string[]
  }
  for (const word of words) {
    const [, kind, id] = /^(user|group|role):(.+)$/.exec(word) ?? []
    if (word === 'all') audience.everybody = true
    else if (kind === 'user' && id) audience.users.push(id)
    else if (kind === 'group' && id) audience.groups.push(id)
    else if (kind === 'role' && id) audience.roles.push(id)
    else return null
  }
  return audience
}

/** A broadcast whose fan-out is about to begin. */
export function makeBroadcast(
  id: string,
  { title, message, type }: Message,
  audience: Audience,
  selected: number,
  now: number,
): BroadcastRecord {
  return {
    id,
    title,
    message,
    type,
    target_groups: audience.groups,
    audience,
    timestamp: now / 1000,
    created_at: isoTime(now),
    status: 'running',
    selected,
    sent_count: 0,
    failed_count: 0,
    finished_at: null,
  }
}

/** As administrators see it on the channel `broadcast` (seed 004). */
export function shownBroadcast({ id, title, message, type, audience, timestamp }: BroadcastRecord) {
  const { roles: target_roles, groups: target_groups } = audience
  return { id, title, message, level: type, target_roles, target_groups, timestamp }
}
