import { ClientError } from './client-error.ts'
import type { Credentials } from './credentials.ts'
import type { HttpApi, ListQuery } from './http-api.ts'
import { filtered, type Inbox, type NotificationFilter } from './inbox.ts'
import type {
  AlertRecord,
  NotificationPage,
  NotificationRecord,
  Preferences,
  QuietHours,
} from './records.ts'

export interface ActionParts {
  readonly http: HttpApi
  readonly inbox: Inbox
  readonly credentials: Credentials
  readonly pageSize: number
  /** Something is to be shown anew. */
  changed(): void
  refresh(): Promise<void>
  /** A notification was deleted, which other tabs are to hear. */
  removed(id: string): void
}

/** `until`: a moment (ISO 8601 or epoch seconds); 3 minutes to 90 days from now. */
export type Snooze = { readonly forSeconds: number } | { readonly until: string | number }

/** `queued`: the service carries it out by itself. `url`: what is to be opened. */
export interface ActionDone {
  readonly status: 'done' | 'queued' | 'already_done'
  readonly type: string
  readonly url?: string
}

/**
 * What a user does with notifications. A change is shown at once and taken back
 * when the service refuses it. Everything goes over HTTP, so that it works in
 * every tab and without a socket. Every method rejects with `ClientError`.
 */
export class InboxActions {
  readonly #parts: ActionParts

  constructor(parts: ActionParts) {
    this.#parts = parts
  }

  /** A page of the inbox, without showing it. */
  list(query: ListQuery = {}): Promise<NotificationPage> {
    const { http, pageSize } = this.#parts
    return http.list({ limit: pageSize, ...query })
  }

  /** Shows the next older page too. */
  async loadMore(): Promise<void> {
    const { inbox, changed } = this.#parts
    if (inbox.nextCursor === null) return
    const askedAt = inbox.now()
    inbox.extend(await this.list({ cursor: inbox.nextCursor }), askedAt)
    changed()
  }

  markAsRead(id: string): Promise<void> {
    return this.#change(id, 'read', { read: true, read_at: now() })
  }

  markAsUnread(id: string): Promise<void> {
    return this.#change(id, 'unread', { read: false, read_at: null })
  }

  async markAllAsRead(): Promise<void> {
    const { inbox, http } = this.#parts
    for (const { id, read } of inbox.notifications) if (!read) this.#show(id, { read: true })
    inbox.unreadCount = 0
    await this.#orTakeBack(http.call('PUT', '/api/notifications/mark-all-read'))
  }

  archive(id: string): Promise<void> {
    return this.#change(id, 'archive', { archived_at: now() })
  }

  /** Hides it for a while; then it is there again, unread. */
  snooze(id: string, snooze: Snooze): Promise<void> {
    const body =
      'until' in snooze ? { until: snooze.until } : { for_seconds: Math.ceil(snooze.forSeconds) }
    const end =
      'until' in snooze && typeof snooze.until === 'string'
        ? snooze.until
        : new Date(
            'until' in snooze ? Number(snooze.until) * 1000 : Date.now() + snooze.forSeconds * 1000,
          ).toISOString()
    return this.#change(id, 'snooze', { snoozed_until: end }, body)
  }

  /** Does what a notification offers, by its place in the list of actions; `text` is what is replied. */
  async act(id: string, index: number, text?: string): Promise<ActionDone> {
    const path = `/api/notifications/${encodeURIComponent(id)}/actions/${index}`
    return this.#parts.http.call('POST', path, text === undefined ? {} : { text })
  }

  async remove(id: string): Promise<void> {
    const { http, inbox, removed, changed } = this.#parts
    await this.#orTakeBack(http.call('DELETE', `/api/notifications/${encodeURIComponent(id)}`))
    inbox.remove(id)
    removed(id)
    changed()
  }

  /** Alerts that nobody has resolved, newest first; takes the scope `operate`. */
  async openAlerts(): Promise<readonly AlertRecord[]> {
    const { http } = this.#parts
    const { data } = await http.call<{ data: AlertRecord[] }>('GET', '/api/alerts?limit=100')
    return data
  }

  /** Says that somebody looks after it, which stops its escalation. */
  acknowledgeAlert(id: string, note?: string): Promise<{ readonly status: string }> {
    const body = note === undefined ? {} : { note }
    return this.#parts.http.call('POST', `/api/alerts/${encodeURIComponent(id)}/ack`, body)
  }

  /** Of what is loaded. */
  getFilteredNotifications(filter: NotificationFilter = {}): readonly NotificationRecord[] {
    return filtered(this.#parts.inbox.notifications, filter)
  }

  getUnreadCount(): number {
    return this.#parts.inbox.unreadCount
  }

  async preferences(): Promise<Preferences> {
    return this.#parts.http.call('GET', `${await this.#own()}/preferences`)
  }

  /** Changes what is named, and answers with all. */
  async savePreferences(changes: Readonly<Record<string, unknown>>): Promise<Preferences> {
    return this.#parts.http.call('PUT', `${await this.#own()}/preferences`, changes)
  }

  async quietHours(): Promise<QuietHours> {
    return this.#parts.http.call('GET', `${await this.#own()}/quiet-hours`)
  }

  /** Replaces them: `{ is_enabled: true, start: '22:00', end: '07:00' }`. */
  async saveQuietHours(hours: Readonly<Record<string, unknown>>): Promise<QuietHours> {
    return this.#parts.http.call('PUT', `${await this.#own()}/quiet-hours`, hours)
  }

  /** The path of the user's own record. */
  async #own(): Promise<string> {
    const { credentials, inbox } = this.#parts
    const user = (await credentials.user()) ?? inbox.notifications[0]?.user_id
    if (user !== undefined) return `/api/users/${encodeURIComponent(user)}`
    throw new ClientError('invalid_payload', 'The token names no user: give the option userId.')
  }

  async #change(
    id: string,
    verb: string,
    shown: Partial<NotificationRecord>,
    body?: unknown,
  ): Promise<void> {
    const { http, inbox } = this.#parts
    const wasUnread = isUnread(inbox.find(id))
    const record = this.#show(id, shown)
    if (record !== undefined) {
      inbox.unreadCount += Number(isUnread(record)) - Number(wasUnread)
      this.#parts.changed()
    }
    const path = `/api/notifications/${encodeURIComponent(id)}/${verb}`
    await this.#orTakeBack(http.call('PUT', path, body))
  }

  #show(id: string, shown: Partial<NotificationRecord>): NotificationRecord | undefined {
    const { inbox, changed } = this.#parts
    const before = inbox.find(id)
    if (before === undefined) return undefined
    const record = { ...before, ...shown }
    inbox.put(record)
    changed()
    return record
  }

  async #orTakeBack(call: Promise<unknown>): Promise<void> {
    try {
      await call
    } catch (error) {
      await this.#parts.refresh().catch(() => {}) // the first error is the one to tell
      throw error
    }
  }
}

function isUnread(record: NotificationRecord | undefined): boolean {
  return record !== undefined && !record.read && !record.archived_at && !record.snoozed_until
}

function now(): string {
  return new Date().toISOString()
}
