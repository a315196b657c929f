import type { NotificationPage, NotificationRecord } from './records.ts'

/** What `getFilteredNotifications` keeps. */
export interface NotificationFilter {
  readonly unreadOnly?: boolean
  readonly type?: string
  readonly priority?: string
}

/** Figures of what is loaded; `unread` is the service's own count. */
export interface NotificationStats {
  readonly total: number
  readonly unread: number
  readonly byType: Readonly<Record<string, number>>
}

/** The part of a user's inbox that is loaded, newest first, and how many are unread in all. */
export class Inbox {
  readonly #records = new Map<string, NotificationRecord>()
  /** When each record was last told of by a frame: a page that was asked for earlier is older. */
  readonly #toldAt = new Map<string, number>()
  #moment = 0
  #sorted: readonly NotificationRecord[] | null = null
  unreadCount = 0
  /** Whether the first page is there. */
  isLoaded = false
  nextCursor: string | null = null

  get notifications(): readonly NotificationRecord[] {
    this.#sorted ??= [...this.#records.values()]
      .filter(isShown)
      .sort((a, b) => b.timestamp - a.timestamp || (a.id < b.id ? 1 : -1))
    return this.#sorted
  }

  get stats(): NotificationStats {
    const byType: Record<string, number> = {}
    for (const { type } of this.notifications) byType[type] = (byType[type] ?? 0) + 1
    return { total: this.notifications.length, unread: this.unreadCount, byType }
  }

  find(id: string): NotificationRecord | undefined {
    return this.#records.get(id)
  }

  /** What `apply` is to be told about a page that is asked for now. */
  now(): number {
    return this.#moment
  }

  /** A record as it is from now on. */
  put(record: NotificationRecord): void {
    this.#moment += 1
    this.#toldAt.set(record.id, this.#moment)
    this.#records.set(record.id, record)
    this.#sorted = null
  }

  remove(id: string): void {
    this.#records.delete(id)
    this.#sorted = null
  }

  /**
   * Takes over the newest page; answers with what came meanwhile, oldest first.
   * The first page of all is no news.
   */
  apply(page: NotificationPage, askedAt: number): readonly NotificationRecord[] {
    const newest = this.notifications[0]?.timestamp ?? 0
    const oldest = page.next_cursor === null ? 0 : (page.data.at(-1)?.timestamp ?? 0)
    const listed = new Set(page.data.map(({ id }) => id))
    for (const { id, timestamp } of this.#records.values()) {
      const isGone = timestamp >= oldest && !listed.has(id) && this.#isOlder(id, askedAt)
      if (isGone) this.#records.delete(id)
    }
    const isNew = ({ id, read, timestamp }: NotificationRecord) =>
      this.isLoaded && !read && timestamp > newest && !this.#records.has(id)
    const news = page.data.filter(isNew).reverse()
    const cursor = this.nextCursor
    const hasFurtherPages = this.isLoaded && this.#records.size > page.data.length
    this.extend(page, askedAt)
    if (hasFurtherPages) this.nextCursor = cursor
    this.unreadCount = page.unread_count
    this.isLoaded = true
    return news
  }

  /** Adds a further page. */
  extend(page: NotificationPage, askedAt: number): void {
    for (const record of page.data) {
      if (this.#isOlder(record.id, askedAt)) this.#records.set(record.id, record)
    }
    this.nextCursor = page.next_cursor
    this.#sorted = null
  }

  #isOlder(id: string, askedAt: number): boolean {
    return (this.#toldAt.get(id) ?? 0) <= askedAt
  }
}

/** The notifications that a filter keeps. */
export function filtered(
  notifications: readonly NotificationRecord[],
  { unreadOnly = false, type, priority }: NotificationFilter,
): readonly NotificationRecord[] {
  return notifications.filter(
    (each) =>
      (!unreadOnly || !each.read) &&
      (type === undefined || each.type === type) &&
      (priority === undefined || each.priority === priority),
  )
}

function isShown({ archived_at, snoozed_until, expires_at }: NotificationRecord): boolean {
  const now = Date.now()
  if (archived_at !== null) return false
  if (snoozed_until !== null && Date.parse(snoozed_until) > now) return false
  return expires_at === null || Date.parse(expires_at) > now
}
