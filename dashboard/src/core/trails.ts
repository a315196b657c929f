import { signal } from '@preact/signals'
import { counts } from './rate.ts'
import { type Happening, onTail } from './stream.ts'
import { idOf, kindOf, type Trail, told } from './telling.ts'

/** As many as anybody will scroll through; older ones are forgotten. */
const MOST_TRAILS = 3000
const MOST_EVENTS = 40

let byId = new Map<string, Trail>()

/** Newest first. */
export const trails = signal<readonly Trail[]>([])
export const isPaused = signal(false)
/** What came in while the list stood still. */
export const held = signal(0)

let kept: Happening[] = []

onTail((events) => {
  const all = events.filter(({ what }) => what !== 'inbox')
  counts(all.length)
  if (isPaused.value) {
    kept = [...kept, ...all].slice(-MOST_TRAILS)
    held.value += all.length
  } else take(all)
})

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

function fresh(id: string, event: Happening): Trail {
  const nothing = { title: '', text: '', whom: '', source: '', priority: '', state: '' }
  return { id, kind: kindOf(event), at: event.at, ...nothing, stops: {}, events: [] }
}

function extended(trail: Trail, event: Happening): Trail {
  const events = [...trail.events, event].slice(-MOST_EVENTS)
  return { ...trail, ...told(trail, event), events }
}
