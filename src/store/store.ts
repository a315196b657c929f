/**
 * What Belfry needs of a store, in Redis's words. Two adapters keep it: Redis
 * and the embedded one (SQLite); one contract suite runs over both.
 *
 * Everything that must happen together is one {@link Write}: guards that decide
 * whether it happens at all, then operations. A write lies in one partition, is
 * atomic, and is committed together with whatever else arrives in the same turn
 * of the event loop. Moments are epoch milliseconds, durations milliseconds,
 * unless a name says otherwise.
 *
 * @module
 */

import type { Allowance, Page, StoredKey } from './stored.ts'

/** Decides whether a write happens. The first guard that refuses ends it. */
export type Guard =
  /** Sets `key` to `value` if it is absent; refuses with the value that is there. */
  | readonly ['once', key: string, value: string, ttlMs: number]
  /** Refuses unless `key` holds exactly `value` (`null`: is absent). */
  | readonly ['expect', key: string, value: string | null]
  /**
   * Gives a lease back and ends the job; refuses when it was lost to somebody else
   * (`token` is stale). An `enqueue` in the same write makes it a retry.
   */
  | readonly ['lease', queue: string, jobId: string, token: number]
  /** Takes a job out of its queue; refuses when it is not waiting (taken, done or unknown). */
  | readonly ['withdraw', queue: string, jobId: string]
  /**
   * Counts to `limit`: adds 1 to a number that is below it, in a window of `windowMs`
   * (0: for ever) that opens with the first; refuses with the number where it is not.
   */
  | readonly ['below', key: string, limit: number, windowMs: number]

/** One change. Lists are pushed at the left, as Redis's LPUSH does: index 0 is the newest. */
export type Op =
  /** Stores a value; `ttlMs` 0 keeps it for ever. */
  | readonly ['set', key: string, value: string, ttlMs: number]
  | readonly ['del', key: string]
  | readonly ['expire', key: string, ttlMs: number]
  /** Adds `by` to a number; result: the new number. `ttlMs` 0 leaves its time as it is. */
  | readonly ['incr', key: string, by: number, ttlMs: number]
  /** Pushes at the left and keeps the newest `cap` (0: all); result: how many fell off. */
  | readonly ['push', key: string, value: string, cap: number]
  /** Removes every occurrence of `value`; result: how many. */
  | readonly ['pull', key: string, value: string]
  | readonly ['sadd', key: string, member: string]
  | readonly ['srem', key: string, member: string]
  | readonly ['zadd', key: string, score: number, member: string]
  | readonly ['zrem', key: string, member: string]
  /**
   * Puts a job into `queue`, to be taken from `availableAt` on (0: at once).
   * The job is JSON and holds its `priority`. `ttlMs` bounds the job's record.
   */
  | readonly [
      'enqueue',
      queue: string,
      jobId: string,
      job: string,
      priority: Priority,
      availableAt: number,
      ttlMs: number,
    ]
  // Compound operations derive their keys from `scope` (a tenant's prefix, see
  // `Keys.scope`) and the user, with the names of `keys.ts`.
  /**
   * Puts a record at the head of a user's inbox: the id into the list (newest
   * `limit` kept; records that fall off are deleted and no longer unread), the
   * record under `notification:<id>`, unread. Both end at `expiresAt` (0: never).
   * An inbox that was empty makes its user known: he is put into `Keys.users`.
   */
  | readonly [
      'inbox',
      scope: string,
      user: string,
      id: string,
      record: string,
      expiresAt: number,
      limit: number,
    ]
  /**
   * Makes a notification that is in the inbox unread (again) until `expiresAt`
   * (0: for ever); result: the unread count.
   */
  | readonly ['unread', scope: string, user: string, id: string, expiresAt: number]
  /** Makes it no longer unread; result: the unread count. */
  | readonly ['read', scope: string, user: string, id: string]
  /** Takes it out of the inbox, the unread ones and the store; result: the unread count. */
  | readonly ['discard', scope: string, user: string, id: string]
  /**
   * Appends to the queue of every live session of a user (newest `cap` kept,
   * the queue lives as long as the session) the entry
   * `{"seq":<n>,"user_id":…,"session_id":…,<body>}`, where `n` counts up per
   * user and `body` is JSON without its outer braces; where it holds
   * {@link STORED_RECORD}, the record that an `inbox` of the same write stores
   * comes in its place. The sessions are the set
   * `Keys.sessions`; one is live while its record `Keys.session` is there, and
   * those that have ended are swept out of the set. Result: `n`, or 0 when the
   * user has no live session.
   */
  | readonly ['fanout', scope: string, user: string, body: string, cap: number]

/** Stands for a record in the body of a `fanout`; JSON text cannot hold it. */
export const STORED_RECORD = '\0'

export type { Allowance, Page, StoredKey } from './stored.ts'

export type Priority = 'critical' | 'high' | 'normal' | 'low'
export const PRIORITIES: readonly Priority[] = ['critical', 'high', 'normal', 'low']

/** A set of changes in one partition that happen together or not at all. */
export interface Write {
  readonly partition: number
  readonly guards?: readonly Guard[]
  readonly ops: readonly Op[]
}

/** What became of a write: one result per operation, or which guard refused. */
export type Outcome =
  | { readonly applied: true; readonly results: readonly number[] }
  | { readonly applied: false; readonly refusedBy: number; readonly value: string | null }

/** A job in the hands of one worker until `expiresAt`, unless extended. */
export interface Lease {
  readonly queue: string
  readonly partition: number
  readonly jobId: string
  /** Unique for every taking; proves that the lease is still ours. */
  readonly token: number
  /** How often it was taken since a worker last gave it back: more than 1 means that workers died. */
  readonly takes: number
  readonly job: string
  readonly expiresAt: number
}

export interface QueueDepth {
  readonly ready: Readonly<Record<Priority, number>>
  readonly scheduled: number
  readonly leased: number
  readonly failed: number
  /** When the scheduled job that is due first is due; `null` without one. */
  readonly nextDueAt: number | null
}

export interface Store {
  /** What it is, for people: `redis://…` without credentials, or the file. */
  readonly description: string
  readonly partitions: number

  /** Resolves when the write is durable. Rejects with `Unavailable` when it may not have happened. */
  commit(write: Write): Promise<Outcome>

  // Reading: one key, in the partition where it was written.
  get(partition: number, key: string): Promise<string | null>
  getMany(partition: number, keys: readonly string[]): Promise<(string | null)[]>
  /** Items `start` to `stop` (inclusive, negative from the end), newest first. */
  list(partition: number, key: string, start: number, stop: number): Promise<string[]>
  length(partition: number, key: string): Promise<number>
  members(partition: number, key: string): Promise<string[]>
  isMember(partition: number, key: string, member: string): Promise<boolean>
  /** How many members a set or a sorted set has. */
  count(partition: number, key: string): Promise<number>
  /** The same of several keys. */
  countMany(partition: number, keys: readonly string[]): Promise<number[]>
  /** A set in pages of about `limit`; a member present throughout is seen at least once. */
  scan(partition: number, key: string, cursor: string | null, limit: number): Promise<Page>
  /** Members of a sorted set in order of score, then of name, `limit` from the first past `after`. */
  rangeByName(partition: number, key: string, after: string, limit: number): Promise<string[]>
  /** Members whose score lies in [`from`, `to`], lowest first. */
  rangeByScore(
    partition: number,
    key: string,
    from: number,
    to: number,
    limit: number,
  ): Promise<{ member: string; score: number }[]>
  /** How many unread notifications a user has now; what has expired does not count. */
  unreadCount(partition: number, scope: string, user: string): Promise<number>

  // Queues
  /**
   * Takes up to `limit` jobs, those that have become due included, each leased
   * for `leaseMs`. Critical ones first, then high, normal and low by 8:4:2 over
   * many calls, so that low is never starved; first in, first out within a
   * priority. A paused queue (`queueKeys.paused` is set) gives nothing. A job
   * that was lost before comes alone: it may kill its next worker too.
   */
  take(partition: number, queue: string, limit: number, leaseMs: number): Promise<Lease[]>
  /** Makes leases last `leaseMs` from now; one answer each: whether it is still ours. */
  extend(leases: readonly Lease[], leaseMs: number): Promise<boolean[]>
  /**
   * Puts jobs whose lease ran out back to the head of their queue; of those taken
   * `maxTakes` times the id goes to the list `queueKeys.failed` instead and the
   * record stays. Answers with the job ids.
   */
  reap(
    partition: number,
    queue: string,
    maxTakes: number,
  ): Promise<{ requeued: string[]; failed: string[] }>
  depth(partition: number, queue: string): Promise<QueueDepth>

  // Session queues
  /** Removes and returns the oldest `max` entries, oldest first. */
  drain(partition: number, key: string, max: number): Promise<string[]>
  /** Removes the entries with a `seq` up to `upTo`; answers how many. */
  acknowledge(partition: number, key: string, upTo: number): Promise<number>

  /**
   * Counts calls against a sliding window of `windowMs`; only granted calls count.
   * They count as made `aheadMs` from now (default: 0), so that until then whoever
   * was granted several may make them.
   */
  hit(
    key: string,
    limit: number,
    windowMs: number,
    calls: number,
    aheadMs?: number,
  ): Promise<Allowance>

  /** Claims the lowest free numbered slot, or one whose lease ran out. */
  claimSlot(name: string, holder: string, leaseMs: number): Promise<SlotClaim>
  /** Keeps a slot; `false` when somebody else holds it by now. */
  keepSlot(name: string, slot: number, holder: string, leaseMs: number): Promise<boolean>
  /** Claims one abandoned slot (its lease ran out `graceMs` ago or earlier), if there is one. */
  claimAbandonedSlot(
    name: string,
    holder: string,
    leaseMs: number,
    graceMs: number,
  ): Promise<number | null>
  /** `vacate`: free, but remembered (its broker session waits); else forgotten. */
  releaseSlot(name: string, slot: number, holder: string, vacate: boolean): Promise<void>

  /** Resolves when the store has taken a write; rejects with `Unavailable` otherwise. Milliseconds. */
  ping(): Promise<number>
  /** Every key with its kind, for export, tests and erasure. */
  keys(match?: string): AsyncIterable<StoredKey>
  /** Takes the bytes of what was deleted off the disk, as far as it is up to the store. */
  scrub(): Promise<void>
  close(): Promise<void>
}

export interface SlotClaim {
  readonly slot: number
  /** Whether somebody held it before: a broker session may wait. */
  readonly takenOver: boolean
}
