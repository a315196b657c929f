import { isoTime } from '../../src/index.ts'
import type { Audience } from '../notifications/broadcast-record.ts'
import type { Message } from '../notifications/notification-record.ts'

/** Something that is sent again and again (`recurrence:<id>`). */
export interface RecurrenceRecord {
  readonly id: string
  readonly cron: string
  /** Whose clock counts; with `inUserTimezone` that of people who have no zone of their own. */
  readonly timezone: string
  /** It comes to each person when his own clock shows it. */
  readonly inUserTimezone?: boolean
  /** Until when each zone was looked at (epoch ms), and how often it came there (`''`: to the rest). */
  readonly lookedAt?: number
  readonly sentIn?: Readonly<Record<string, number>>
  readonly audience: Audience
  readonly message: Message
  /** How often in all; `null`: until it is canceled, or `until`. */
  readonly count: number | null
  /** Epoch ms; `null`: for ever. */
  readonly until: number | null
  /** What becomes of a time that was missed by more than a minute: `send` it once, or `skip` it. */
  readonly misfire: 'send' | 'skip'
  readonly status: 'active' | 'done' | 'canceled'
  readonly sent: number
  readonly skipped: number
  /** Epoch ms; `null`: it is over. */
  readonly nextAt: number | null
  readonly lastAt: number | null
  readonly createdAt: number
}

/** The record as the wire shows it. */
export function shownRecurrence(record: RecurrenceRecord) {
  const { id, cron, timezone, message, count, until, misfire, status, sent, skipped } = record
  const { title, type, priority, data, channels, tags } = message
  const { inUserTimezone: send_in_user_timezone = false } = record
  return {
    ...{ id, cron, timezone, to: wordsOf(record.audience), misfire, status, sent, skipped, count },
    send_in_user_timezone,
    until: timeOf(until),
    next_at: timeOf(record.nextAt),
    last_at: timeOf(record.lastAt),
    created_at: isoTime(record.createdAt),
    message: {
      ...{ title, message: message.message, type, priority, data, channels, tags },
      template: message.template?.name ?? null,
    },
  }
}

function wordsOf({ everybody, users, groups, roles }: Audience): string[] {
  return [
    ...(everybody ? ['all'] : []),
    ...users.map((id) => `user:${id}`),
    ...groups.map((id) => `group:${id}`),
    ...roles.map((id) => `role:${id}`),
  ]
}

function timeOf(at: number | null): string | null {
  return at === null ? null : isoTime(at)
}
