import { type Keys, keysOfScope } from '../keys.ts'
import type { KeySpace } from './key-space.ts'
import type { Lists } from './lists.ts'
import type { Sets } from './sets.ts'
import type { SortedSets } from './sorted-sets.ts'
import { NEVER_AT, type Unread } from './unread.ts'

const ACKNOWLEDGED_AT_ONCE = 64

export interface Collections {
  readonly keys: KeySpace
  readonly lists: Lists
  readonly sets: Sets
  readonly zsets: SortedSets
  readonly unread: Unread
}

/** The compound operations on a user's inbox and on the queues of his sessions. */
export class Inboxes {
  readonly #store: Collections

  constructor(collections: Collections) {
    this.#store = collections
  }

  /** Puts a record at the head; answers how many fell off. */
  put(
    scope: string,
    user: string,
    inbox: { id: string; record: string; expiresAt: number; limit: number },
  ): number {
    const { keys, lists } = this.#store
    const names = keysOfScope(scope)
    const record = names.notification(inbox.id)
    const expiresAt = inbox.expiresAt === 0 ? null : inbox.expiresAt
    if (!keys.claim(record, inbox.record, expiresAt)) {
      // A record that is put in again moves to the head instead of being listed twice.
      lists.pull(names.inbox(user), inbox.id)
      keys.set(record, inbox.record, expiresAt)
    }
    const list = lists.push(names.inbox(user), inbox.id, expiresAt ?? NEVER_AT)
    if (list.size === 1) this.#store.zsets.add(names.users(), 0, user)
    const fallen = lists.trim(list, inbox.limit)
    for (const id of fallen) keys.delete(names.notification(id))
    return fallen.length
  }

  /** `until` `null`: read; 0: unread for ever. Answers with the unread count. */
  mark(scope: string, user: string, id: string, until: number | null): number {
    const inbox = keysOfScope(scope).inbox(user)
    this.#store.unread.mark(inbox, id, until === 0 ? NEVER_AT : until)
    return this.#store.unread.count(inbox)
  }

  discard(scope: string, user: string, id: string): number {
    const names = keysOfScope(scope)
    this.#store.lists.pull(names.inbox(user), id)
    this.#store.keys.delete(names.notification(id))
    return this.unreadCount(scope, user)
  }

  unreadCount(scope: string, user: string): number {
    return this.#store.unread.count(keysOfScope(scope).inbox(user))
  }

  /** Appends to the queues of all live sessions; answers with the number, 0 without any. */
  fanOut(scope: string, user: string, bodyOf: () => string, cap: number): number {
    const { keys, lists, sets } = this.#store
    const names = keysOfScope(scope)
    const live: { session: string; endsAt: number | null }[] = []
    for (const session of sets.members(names.sessions(user))) {
      const endsAt = keys.expiryOf(names.session(user, session))
      if (endsAt === undefined) this.#sweep(names, user, session)
      else live.push({ session, endsAt })
    }
    if (live.length === 0) return 0
    const body = bodyOf()
    const seq = keys.increment(names.sessionSeq(user), 1, null)
    for (const { session, endsAt } of live) {
      const who = `"user_id":${JSON.stringify(user)},"session_id":${JSON.stringify(session)}`
      const queue = lists.push(names.sessionQueue(user, session), `{"seq":${seq},${who},${body}}`)
      lists.trim(queue, cap)
      if (queue.expiresAt !== endsAt) keys.expire(queue.key, endsAt)
    }
    return seq
  }

  /** Removes the entries of a session's queue with a `seq` up to `upTo`; answers how many. */
  acknowledge(queue: string, upTo: number): number {
    const seen = (entry: string) => (JSON.parse(entry) as { seq: number }).seq <= upTo
    let removed = 0
    while (true) {
      const part = this.#store.lists.shift(queue, ACKNOWLEDGED_AT_ONCE, seen).length
      removed += part
      if (part < ACKNOWLEDGED_AT_ONCE) return removed
    }
  }

  #sweep(names: Keys, user: string, session: string): void {
    this.#store.sets.remove(names.sessions(user), session)
    this.#store.keys.delete(names.sessionQueue(user, session))
  }
}
