import { Current } from '../support/current.ts'

/** A notification as it is stored, and as every wire shows it. */
export interface InboxRecord {
  readonly id: string
  readonly user_id: string
  readonly title: string
  readonly message: string
  readonly type: string
  readonly priority: string
  readonly data: Readonly<Record<string, unknown>>
  readonly read: boolean
  readonly read_at: string | null
  readonly created_at: string
}

export interface InboxFilter {
  readonly unreadOnly?: boolean
  readonly archived?: boolean
  readonly type?: string
  readonly priority?: string
}

/** What keeps inboxes. */
export interface InboxKeeper {
  list(
    user: string,
    filter: InboxFilter,
    limit: number,
    cursor: string | null,
  ): Promise<{
    readonly data: readonly InboxRecord[]
    readonly next_cursor: string | null
    readonly unread_count: number
  }>
  /** Throws `NotFound`, for anybody else's too. */
  find(user: string, id: string): Promise<InboxRecord>
  markRead(user: string, id: string): Promise<number>
  markUnread(user: string, id: string): Promise<number>
}

/** What {@link inbox} reads from. */
export const currentInbox = new Current<InboxKeeper>(
  'There are no inboxes yet: start Belfry with createApp() first.',
)

/** A notification that can be marked. */
export type InboxNotification = InboxRecord & {
  /** No effect where it is read already. */
  markAsRead(): Promise<void>
  markAsUnread(): Promise<void>
}

/** Some of a user's notifications, newest first. */
export interface InboxPage {
  readonly data: readonly InboxNotification[]
  /** Where to go on; `null` at the end. */
  readonly nextCursor: string | null
  readonly unreadCount: number
}

const PAGE = 15
const MOST = 100

/** A user's notifications, or some of them; nothing is read before it is asked for. */
export class Inbox {
  readonly #keeper: InboxKeeper
  readonly #user: string
  readonly #filter: InboxFilter

  constructor(keeper: InboxKeeper, user: string, filter: InboxFilter = {}) {
    this.#keeper = keeper
    this.#user = user
    this.#filter = filter
  }

  unread(): Inbox {
    return this.where('read_at', null)
  }

  archived(): Inbox {
    return new Inbox(this.#keeper, this.#user, { ...this.#filter, archived: true })
  }

  /** `where('read_at', null)` are the unread ones. */
  where(field: 'read_at', value: null): Inbox
  where(field: 'type' | 'priority', value: string): Inbox
  where(field: 'read_at' | 'type' | 'priority', value: string | null): Inbox {
    const change = field === 'read_at' ? { unreadOnly: true } : { [field]: value }
    return new Inbox(this.#keeper, this.#user, { ...this.#filter, ...change })
  }

  /** One page; `limit` 1 to 100. */
  async paginate(limit = PAGE, cursor: string | null = null): Promise<InboxPage> {
    const page = await this.#keeper.list(this.#user, this.#filter, Math.min(limit, MOST), cursor)
    return {
      data: page.data.map((record) => this.#wrap(record)),
      nextCursor: page.next_cursor,
      unreadCount: page.unread_count,
    }
  }

  /** All of them. */
  async get(): Promise<readonly InboxNotification[]> {
    const all: InboxNotification[] = []
    for (let cursor: string | null = null; ; ) {
      const page: InboxPage = await this.paginate(MOST, cursor)
      all.push(...page.data)
      cursor = page.nextCursor
      if (cursor === null) return all
    }
  }

  async count(): Promise<number> {
    return (await this.get()).length
  }

  /** Throws `NotFound`, for somebody else's too. */
  async find(id: string): Promise<InboxNotification> {
    return this.#wrap(await this.#keeper.find(this.#user, id))
  }

  /** Marks them all; answers how many were unread. */
  async markAsRead(): Promise<number> {
    const unread = (await this.get()).filter(({ read }) => !read)
    await Promise.all(unread.map((notification) => notification.markAsRead()))
    return unread.length
  }

  #wrap(record: InboxRecord): InboxNotification {
    const keeper = this.#keeper
    const user = this.#user
    return {
      ...record,
      async markAsRead() {
        if (!record.read) await keeper.markRead(user, record.id)
      },
      async markAsUnread() {
        await keeper.markUnread(user, record.id)
      },
    }
  }
}

/** The notifications of a user: `await inbox(user).unread().paginate(15)`. */
export function inbox(user: string | { readonly id?: string | number }): Inbox {
  const id = typeof user === 'string' ? user : user.id
  if (id === undefined) throw new TypeError('Somebody without an id has no inbox.')
  return new Inbox(currentInbox.get(), String(id))
}
