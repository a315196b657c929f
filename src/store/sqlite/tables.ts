import type { Clock } from '../../support/clock.ts'
import { Connection, type ConnectionOptions } from './connection.ts'
import { Inboxes } from './inbox.ts'
import { Jobs } from './jobs.ts'
import { KeySpace } from './key-space.ts'
import { Listing } from './listing.ts'
import { Lists } from './lists.ts'
import { Scrubber } from './scrubber.ts'
import { Sets } from './sets.ts'
import { Slots } from './slots.ts'
import { SortedSets } from './sorted-sets.ts'
import { Sweeper } from './sweeper.ts'
import { inboxOfUnread, Unread } from './unread.ts'
import { Windows } from './windows.ts'
import { Writes } from './writes.ts'

/** Everything that works on one open file; transactions are the caller's. */
export interface Tables {
  readonly connection: Connection
  readonly keys: KeySpace
  readonly lists: Lists
  readonly sets: Sets
  readonly zsets: SortedSets
  readonly unread: Unread
  readonly inboxes: Inboxes
  readonly jobs: Jobs
  readonly slots: Slots
  readonly windows: Windows
  readonly writes: Writes
  readonly listing: Listing
  readonly sweeper: Sweeper
  readonly scrubber: Scrubber
}

/** Opens the file and puts the parts together; raises `Unavailable`. */
export function openTables(options: ConnectionOptions, clock: Clock): Tables {
  const connection = new Connection(options)
  const keys = new KeySpace(connection, clock)
  const lists = new Lists(connection, keys)
  const sets = new Sets(connection, keys)
  const zsets = new SortedSets(connection, keys)
  const unread = new Unread(connection, keys)
  const collections = { keys, lists, sets, zsets, unread }
  const inboxes = new Inboxes(collections)
  const jobs = new Jobs(collections)
  const slots = new Slots(zsets, () => clock.now())
  const listing = new Listing(connection, collections)
  // The file is ours alone: whoever held a slot is gone, however he ended.
  connection.transaction(() => slots.vacateAll(listing))
  const sweeper = new Sweeper(connection, keys)
  return {
    connection,
    ...collections,
    inboxes,
    jobs,
    slots,
    windows: new Windows(collections, (forget) => connection.onRollback(forget)),
    writes: new Writes(collections, { inboxes, jobs }),
    listing,
    sweeper,
    scrubber: new Scrubber(connection, sweeper),
  }
}

/** How many members a set, a sorted set or the unread ones of an inbox have. */
export function countOf(key: string, { keys, unread }: Tables): number {
  const inbox = inboxOfUnread(key)
  return inbox === null ? keys.size(key) : unread.count(inbox)
}
