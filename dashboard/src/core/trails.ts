import { signal } from '@preact/signals'
import type { Json } from './api.ts'
import { type Happening, onTail } from './stream.ts'

/** How one channel of a message fared so far. */
export interface Stop {
  readonly channel: string
  readonly state: string
  readonly reason: string | null
  readonly provider: string | null
  readonly at: string
}

/** Everything that was seen of one message, alert or refusal. */
export interface Trail {
  readonly id: string
  readonly kind: 'notification' | 'alert' | 'refused' | 'delivery' | 'other'
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

/** As many as anybody will scroll through; older ones are forgotten. */
const MOST_TRAILS = 3000
const MOST_EVENTS = 40
const RATE_SECONDS = 60

let byId = new Map<string, Trail>()

/** Newest first. */
export const trails = signal<readonly Trail[]>([])
export const isPaused = signal(false)
/** What came in while the list stood still. */
export const held = signal(0)
/** Events of each of the last sixty seconds, the latest last. */
export const rate = signal<readonly number[]>(Array.from({ length: RATE_SECONDS }, () => 0))

let kept: Happening[] = []
let thisSecond = 0

onTail((events) => {
  const told = events.filter(({ what }) => what !== 'inbox')
  thisSecond += told.length
  if (isPaused.value) {
    kept = [...kept, ...told].slice(-MOST_TRAILS)
    held.value += told.length
  } else take(told)
})
setInterval(() => {
  rate.value = [...rate.value.slice(1), thisSecond]
  thisSecond = 0
}, 1000)

/** Lets the list stand still, or go on with what came meanwhile. */
export function togglePause(): void {
  isPaused.value = !isPaused.value
  if (isPaused.value) return
  take(kept)
  kept = []
  held.value = 0
}

export function clearTrails(): void {
  byId = new Map()
  trails.value = []
}

export function trailOf(id: string): Trail | undefined {
  return trails.value.find((trail) => trail.id === id)
}

function take(events: readonly Happening[]): void {
  if (events.length === 0) return
  for (const event of events) {
    const id = idOf(event)
    byId.set(id, extended(byId.get(id) ?? fresh(id, event), event))
  }
  // A map remembers the order of arrival, so the oldest are its first.
  for (const id of byId.keys()) {
    if (byId.size <= MOST_TRAILS) break
    byId.delete(id)
  }
  trails.value = [...byId.values()].reverse()
}

function idOf({ what, id, notification_id: of }: Happening): string {
  return what === 'delivery' && typeof of === 'string' ? of : id
}

function fresh(id: string, { what, at }: Happening): Trail {
  const kind = what.startsWith('alert.') ? 'alert' : (KINDS[what] ?? 'other')
  const nothing = { title: '', text: '', whom: '', source: '', priority: '', state: '' }
  return { id, kind, at, ...nothing, stops: {}, events: [] }
}

const KINDS: Readonly<Record<string, Trail['kind']>> = {
  notification: 'notification',
  read: 'notification',
  archived: 'notification',
  snoozed: 'notification',
  refused: 'refused',
  delivery: 'delivery',
}

function extended(trail: Trail, event: Happening): Trail {
  const events = [...trail.events, event].slice(-MOST_EVENTS)
  return { ...trail, ...told(trail, event), events }
}

/** What an event adds to what is known. */
function told(trail: Trail, event: Happening): Partial<Trail> {
  switch (event.what) {
    case 'notification':
      return {
        ...{ kind: 'notification', at: event.at, state: 'stored' },
        ...{ title: event.title, text: event.message, whom: event.user_id },
        ...{ source: event.source ?? '', priority: event.priority },
        stops: { ...stopsOf(event), ...trail.stops },
      }
    case 'delivery':
      return {
        whom: trail.whom || String(event.user_id ?? ''),
        title: trail.title || `Direct ${event.channel}`,
        stops: { ...trail.stops, [event.channel]: stopOf(event) },
      }
    case 'refused':
      return {
        ...{ title: event.code, text: event.reason ?? '', source: event.topic, state: 'refused' },
      }
    default:
      if (!event.what.startsWith('alert.')) return { state: event.what }
      return {
        ...{ title: event.type, text: event.message ?? '', priority: event.severity },
        ...{ whom: event.source ?? '', state: event.what.slice('alert.'.length) },
      }
  }
}

function stopOf({ channel, status, reason, provider, at }: Happening): Stop {
  return { channel, state: status, reason: reason ?? null, provider: provider ?? null, at }
}

/** What was decided when the message was stored: what goes out, what waits, what does not. */
export function stopsOf(record: Json): Record<string, Stop> {
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
