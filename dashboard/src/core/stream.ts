import { signal } from '@preact/signals'
import { address, api, type Json } from './api.ts'
import { may, token, userName } from './session.ts'

/** Something that happened, as the tail tells it. */
export interface Happening {
  readonly at: string
  readonly what: string
  readonly id: string
  readonly [field: string]: Json
}

type Listener = (events: readonly Happening[]) => void

/** More than a screen can say; what comes beyond it between two frames is counted, not kept. */
const MOST_WAITING = 20_000
const WATCH_EVERY_MS = 20_000
const HIDDEN_MS = 1000
/** Ten looks a second are live to the eye; more would be work that nobody sees. */
const CALM_MS = 100
/** When more came than a screen shows, nobody reads along: fewer looks leave time for what is pressed. */
const FLOOD = 50
const FLOOD_MS = 250
const RETRY_MS = [500, 1000, 2000, 5000, 10_000]

/** Whether what happens is seen as it happens. */
export const connection = signal<'connecting' | 'live' | 'away'>('connecting')
/** Events that came faster than they could be taken. */
export const missed = signal(0)

const listeners = new Set<Listener>()
let waiting: Happening[] = []
let isPlanned = false
let nextLookAt = 0
let socket: WebSocket | null = null
let attempts = 0
let watching = 0
let retrying = 0

/** Tells of everything that happens, in batches, at most ten a second; answers how to stop. */
export function onTail(listener: Listener): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

/** Opens the one socket of this page, and keeps it open. */
export function startStream(): void {
  stopStream()
  const at = address('ws')
  at.protocol = at.protocol.replace('http', 'ws')
  if (token.value === null) at.searchParams.set('user_id', userName.value)
  socket = new WebSocket(at, token.value === null ? [] : ['belfry', token.value])
  const own = socket
  own.onmessage = ({ data }) => receive(JSON.parse(String(data)))
  own.onclose = () => {
    if (own !== socket) return
    connection.value = 'away'
    const wait = RETRY_MS[Math.min(attempts++, RETRY_MS.length - 1)]
    retrying = setTimeout(startStream, wait) as unknown as number
  }
}

/** Closes it for good: at the end of a login. */
export function stopStream(): void {
  clearInterval(watching)
  watching = 0
  clearTimeout(retrying)
  const old = socket
  socket = null
  old?.close()
}

function receive(frame: Json): void {
  switch (frame.type) {
    case 'connected':
      attempts = 0
      if (may('operate')) watch()
      else connection.value = 'live'
      break
    case 'result':
      if (frame.ref === 'tail') void ask().then(() => (connection.value = 'live'))
      break
    case 'event':
      if (frame.channel === 'belfry.activity') take(frame.data)
      break
    case 'notification':
    case 'notification_updated':
    case 'unread_count':
      take({ at: new Date().toISOString(), what: 'inbox', id: frame.id ?? '' })
  }
}

/** Every process tells what happens for half a minute after it was asked. */
async function ask(): Promise<void> {
  if (!document.hidden) await api.post('api/tail').catch(() => undefined)
}

function watch(): void {
  socket?.send(JSON.stringify({ type: 'subscribe', channel: 'belfry.activity', ref: 'tail' }))
  watching = setInterval(() => void ask(), WATCH_EVERY_MS) as unknown as number
}
document.addEventListener('visibilitychange', () => {
  if (watching !== 0) void ask()
})

function take(event: Happening): void {
  if (waiting.length >= MOST_WAITING) {
    missed.value += 1
    return
  }
  waiting.push(event)
  if (isPlanned) return
  isPlanned = true
  if (document.hidden) setTimeout(deliver, HIDDEN_MS)
  else setTimeout(() => requestAnimationFrame(deliver), nextLookAt - performance.now())
}

function deliver(): void {
  isPlanned = false
  const events = waiting
  waiting = []
  nextLookAt = performance.now() + (events.length > FLOOD ? FLOOD_MS : CALM_MS)
  for (const listener of listeners) listener(events)
}
