import type { Json } from './api.ts'
import type { Happening } from './stream.ts'
import { inFull, momentOf } from './time.ts'
import { reasonInWords } from './words.ts'

/** What a line of the timeline is about; `delivery`: a message to a bare address. */
export type TrailKind = 'notification' | 'delivery' | 'alert' | 'event' | 'session' | 'refused'

/** How one channel of a message fared so far. */
export interface Stop {
  readonly channel: string
  readonly state: string
  readonly reason: string | null
  readonly provider: string | null
  readonly at: string
}

/** Everything that was seen of one message, alert, event, session or refusal. */
export interface Trail {
  readonly id: string
  readonly kind: TrailKind
  readonly at: string
  readonly title: string
  readonly text: string
  /** For whom, or on which topic. */
  readonly whom: string
  readonly source: string
  readonly priority: string
  readonly state: string
  readonly stops: Readonly<Record<string, Stop>>
  readonly events: readonly Happening[]
}

/** Of which message, alert, event, session or refusal it tells. */
export function idOf({ what, id, notification_id: of }: Happening): string {
  return (what === 'delivery' || what === 'refused') && typeof of === 'string' ? of : id
}

const KINDS: Readonly<Record<string, TrailKind>> = {
  ...{ refused: 'refused', delivery: 'delivery', queued: 'delivery' },
  ...{ alert: 'alert', event: 'event', session: 'session' },
}

export function kindOf({ what }: Happening): TrailKind {
  return KINDS[what.split('.', 1)[0] ?? ''] ?? 'notification'
}

/** What an event adds to what is known. */
export function told(trail: Trail, event: Happening): Partial<Trail> {
  switch (event.what) {
    case 'notification':
      return {
        ...{ kind: 'notification', at: event.at, state: 'stored', ...wordsOf(event) },
        stops: { ...stopsOf(event), ...trail.stops },
      }
    case 'scheduled':
    case 'dropped':
    case 'merged':
      return { ...wordsOf(event), kind: 'notification', state: event.what }
    case 'queued':
      return {
        ...wordsOf(event),
        stops: { [event.channel]: stopOf({ ...event, status: 'queued' }) },
      }
    case 'delivery':
      return {
        whom: trail.whom || String(event.user_id ?? ''),
        title: trail.title || `Direct ${event.channel}`,
        stops: { ...trail.stops, [event.channel]: stopOf(event) },
      }
    case 'refused':
      return refusalOf(trail, event)
    case 'event':
      return {
        ...{ title: event.type, text: event.payload, whom: event.source_user ?? '' },
        ...{ source: event.source, state: 'logged' },
      }
    default:
      return changeOf(event)
  }
}

function wordsOf(event: Happening): Partial<Trail> {
  return {
    ...{ title: event.title ?? '', text: textOf(event), whom: event.user_id ?? event.to ?? '' },
    ...{ source: event.source ?? '', priority: event.priority ?? '' },
  }
}

function textOf({ message, reason, send_at }: Happening): string {
  if (send_at) return `at ${inFull(momentOf(send_at) ?? 0)}`
  return message ?? (reason ? reasonInWords(reason) : '')
}

/** A message that somebody wants none of is told of under its own id, and stays what it is. */
function refusalOf({ title }: Trail, event: Happening): Partial<Trail> {
  const state = { source: event.topic, state: 'refused' }
  if (title !== '' && event.notification_id) return state
  const isMessage = event.notification_id ? { kind: 'notification' as const } : {}
  return { ...isMessage, ...state, title: event.code, text: event.reason ?? '' }
}

/** `alert.escalated`, `event.processed`, `session.away`, `read`. */
function changeOf(event: Happening): Partial<Trail> {
  const [kind, change = event.what] = event.what.split('.', 2)
  if (kind === 'alert') {
    return {
      ...{ title: event.type, text: event.message ?? '', priority: event.severity },
      ...{ whom: event.source ?? '', state: change },
    }
  }
  if (kind === 'event') {
    return { title: event.type, state: change, ...(event.reason ? { text: event.reason } : {}) }
  }
  if (kind !== 'session') return { state: change }
  const came = event.protocol ? { text: `by ${event.protocol}` } : {}
  return { title: 'Session', whom: event.user_id, state: change, ...came }
}

function stopOf({ channel, status, reason, provider, at }: Happening): Stop {
  return { channel, state: status, reason: reason ?? null, provider: provider ?? null, at }
}

/** What was decided when the message was stored: what goes out, what waits, what does not. */
function stopsOf(record: Json): Record<string, Stop> {
  const at = record.at ?? record.created_at
  const common = { provider: null, at }
  const stops: Record<string, Stop> = {}
  for (const channel of (record.channels ?? []) as string[]) {
    const until = record.held?.[channel]
    const state = until ? 'held' : channel === 'realtime' ? 'sent' : 'queued'
    stops[channel] = { ...common, channel, state, reason: until ? `until ${until}` : null }
  }
  for (const [channel, reason] of Object.entries(record.skipped ?? {})) {
    stops[channel] = { ...common, channel, state: 'skipped', reason: String(reason) }
  }
  return stops
}
