import { Keys } from '../keys.ts'
import type { KeySpace } from './key-space.ts'
import type { Lists } from './lists.ts'
import type { Sets } from './sets.ts'
import type { SortedSets } from './sorted-sets.ts'

/** The last moment that a date can say: unread for ever. */
const NEVER_AT = 8.64e15
const MIRROR = ':unread_notifications'
const SCOPES_KEPT = 1_000
const ACKNOWLEDGED_AT_ONCE = 64

export interface Collections {
  readonly keys: KeySpace
  readonly lists: Lists
  readonly sets: Sets
  readonly zsets: SortedSets
}

/** The compound operations on a user's inbox and on the queues of his sessions. */
export class Inboxes {
  readonly #store: Collections
  readonly #names = new Map<string, Keys>()

  constructor(collections: Collections) {
    this.#store = collections
  }

  /** Puts a record at the head; answers how many fell off. */
  put(
    scope: string,
    user: string,
    inbox: { id: string; record: string; expiresAt: number; limit: number },
  ): number {
    const { keys, lists, zsets } = this.#store
    const names = this.#namesOf(scope)
    const record = names.notification(inbox.id)
    // A record that is put in again moves to the head instead of being listed twice.
    if (keys.get(record) !== null) lists.pull(names.inbox(user), inbox.id)
    keys.set(record, inbox.record, inbox.expiresAt === 0 ? null : inbox.expiresAt)
    zsets.add(names.unread(user), inbox.expiresAt || NEVER_AT, inbox.id)
    const list = lists.push(names.inbox(user), inbox.id)
    const fallen = lists.trim(list, inbox.limit)
    for (const id of fallen) {
      keys.delete(names.notification(id))
      zsets.remove(names.unread(user), id)
    }
    return fallen.length
  }

  markUnread(scope: string, user: string, id: string, expiresAt: number): number {
    this.#store.zsets.add(this.#namesOf(scope).unread(user), expiresAt || NEVER_AT, id)
    return this.#count(scope, user)
  }

  markRead(scope: string, user: string, id: string): number {
    this.#store.zsets.remove(this.#namesOf(scope).unread(user), id)
    return this.#count(scope, user)
  }

  discard(scope: string, user: string, id: string): number {
    const names = this.#namesOf(scope)
    this.#store.lists.pull(names.inbox(user), id)
    this.#store.keys.delete(names.notification(id))
    return this.markRead(scope, user, id)
  }

  unreadCount(scope: string, user: string): number {
    const { keys, zsets } = this.#store
    return zsets.countAbove(this.#namesOf(scope).unread(user), keys.now)
  }

  /** Appends to the queues of all live sessions; answers with the number, 0 without any. */
  fanOut(scope: string, user: string, body: string, cap: number): number {
    const { keys, lists, sets } = this.#store
    const names = this.#namesOf(scope)
    const live: { session: string; endsAt: number | null }[] = []
    for (const session of sets.members(names.sessions(user))) {
      const endsAt = keys.expiryOf(names.session(user, session))
      if (endsAt === undefined) this.#sweep(names, user, session)
      else live.push({ session, endsAt })
    }
    if (live.length === 0) return 0
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

  /** Counts after a change, letting go of what has expired. */
  #count(scope: string, user: string): number {
    const { keys, zsets } = this.#store
    const unread = this.#namesOf(scope).unread(user)
    zsets.removeUpTo(unread, keys.now)
    return zsets.size(unread)
  }

  #namesOf(scope: string): Keys {
    let names = this.#names.get(scope)
    if (names === undefined) {
      if (this.#names.size > SCOPES_KEPT) this.#names.clear()
      names = new Keys(scope.replace(/^t:(.*):$/, '$1'))
      this.#names.set(scope, names)
    }
    return names
  }
}

/**
 * The sorted set whose live members a `user:<user>:unread_notifications` counts.
 * The count is worked out when it is read, so it cannot drift; `null` for any
 * other key.
 */
export function countedBy(key: string): string | null {
  return key.endsWith(MIRROR) ? `${key.slice(0, -MIRROR.length)}:unread` : null
}

/** The reverse: which count shows the live members of this sorted set. */
export function countOf(key: string): string | null {
  return key.endsWith(':unread') ? `${key}_notifications` : null
}
