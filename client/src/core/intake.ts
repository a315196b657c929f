import type { Channels } from './channels.ts'
import { ClientError } from './client-error.ts'
import { type Resume, seqOf } from './connection.ts'
import type { Emitter } from './emitter.ts'
import type { ClientEvents } from './events.ts'
import type { Inbox } from './inbox.ts'
import type { AlertRecord, Frame, NotificationPage, NotificationRecord } from './records.ts'
import type { Requests } from './requests.ts'

/** How long the service's own count may take after a change before it is asked for. */
const COUNT_MS = 2000
/** Ids of announced notifications that are remembered: more than an inbox holds. */
const REMEMBERED = 500

interface Parts {
  readonly inbox: Inbox
  readonly events: Emitter<ClientEvents>
  readonly requests: Requests
  readonly channels: Channels
  readonly resume: Resume
  /** Something is to be shown anew. */
  changed(): void
  /** Asks the service for the newest page and the count. */
  refresh(): void
  join(channel: string): void
  /** Something new has come, for the first time in this browser. */
  received(record: NotificationRecord): void
}

/** Takes what the service says, in its order and each thing once. */
export class Intake {
  readonly #parts: Parts
  readonly #announced = new Set<string>()
  #countTimer: ReturnType<typeof setTimeout> | undefined

  constructor(parts: Parts) {
    this.#parts = parts
  }

  stop(): void {
    clearTimeout(this.#countTimer)
  }

  frame(frame: Frame): void {
    const { requests, resume } = this.#parts
    const seq = seqOf(frame)
    if (seq > 0 && seq <= resume.seq) return // sent again, or heard before
    if (seq > 0) resume.seq = seq
    if (!requests.settle(frame)) this.#dispatch(frame)
  }

  /** The newest page, asked for when `inbox.now()` was `askedAt`. */
  page(page: NotificationPage, askedAt: number): void {
    const { inbox, events } = this.#parts
    const before = inbox.unreadCount
    const news = inbox.apply(page, askedAt)
    this.#parts.changed()
    for (const record of news) this.#announce(record)
    if (inbox.unreadCount !== before) events.emit('unread_count', inbox.unreadCount)
  }

  #dispatch(frame: Frame): void {
    const { events } = this.#parts
    switch (frame.type) {
      case 'connected':
        this.#connected(frame)
        break
      case 'notification':
      case 'notification_updated':
        this.#record(frame.type, frame.notification as NotificationRecord)
        break
      case 'unread_count':
        this.#count(Number(frame.count))
        break
      case 'critical_alert':
        events.emit('critical_alert', frame.alert as AlertRecord)
        break
      case 'event':
        this.#event(String(frame.channel), String(frame.event), frame.data)
        break
      case 'system':
        events.emit('system', frame)
        break
      case 'error':
        events.emit('error', new ClientError(String(frame.code), String(frame.message)))
    }
  }

  #event(channel: string, event: string, data: unknown): void {
    this.#parts.channels.tell(channel, event, data)
    this.#parts.events.emit('event', { channel, event, data })
  }

  #connected({ session_id, resumed, unread_count }: Frame): void {
    const { resume, channels, inbox, join, refresh } = this.#parts
    resume.sessionId = String(session_id)
    if (resumed !== true) resume.seq = 0
    for (const name of channels.names) join(name)
    this.#count(Number(unread_count))
    // What a session missed is in its queue; without one it is asked for.
    if (resumed !== true && inbox.isLoaded) refresh()
  }

  #record(type: 'notification' | 'notification_updated', record: NotificationRecord): void {
    const { inbox, events, changed, refresh } = this.#parts
    inbox.put(record)
    changed()
    if (type === 'notification') this.#announce(record)
    else events.emit('notification_updated', record)
    // The count follows by itself; one that was lost on the way is asked for.
    this.#countTimer ??= setTimeout(() => {
      this.#countTimer = undefined
      refresh()
    }, COUNT_MS)
  }

  /** Once, whether it was heard of by a frame or found on a page first. */
  #announce(record: NotificationRecord): void {
    if (this.#announced.has(record.id)) return
    this.#announced.add(record.id)
    for (const id of this.#announced) {
      if (this.#announced.size <= REMEMBERED) break
      this.#announced.delete(id)
    }
    this.#parts.events.emit('notification', record)
    this.#parts.received(record)
  }

  #count(count: number): void {
    const { inbox, events, changed } = this.#parts
    clearTimeout(this.#countTimer)
    this.#countTimer = undefined
    if (inbox.unreadCount !== count) {
      inbox.unreadCount = count
      events.emit('unread_count', count)
    }
    changed()
  }
}
