import { queueKeys } from '../store/keys.ts'
import { NEVER_AT } from '../store/sqlite/unread.ts'
import type { Op, Priority, Store, StoredKey } from '../store/store.ts'
import { isTransient } from '../store/transient-keys.ts'
import type { Placement } from './placement.ts'

const CHUNK = 500
const AT_ONCE = 64
const WEEK_MS = 7 * 86_400_000
/** A day: so long an import that was cut may wait to be done again. */
const IMPORTED_MS = 86_400_000

/** Jobs that wait, are scheduled or were in hand: they are put into their queue again. */
const WAITING =
  /^((?:t:[^:]+:)?[a-z][a-z0-9_-]*_queue):(critical|high|normal|low|scheduled|leases|takes)$/
const UNREAD = /^((?:t:[^:]+:)?)user:(.+):unread$/
/** Follows from what is unread. */
const UNREAD_COUNT = /^(?:t:[^:]+:)?user:.+:unread_notifications$/
/** Counters of which every partition has its own. */
const COUNTER = /^(?:t:[^:]+:)?stats:/

/** Whether a key needs others to be there before it. */
export function isLate({ key }: StoredKey): boolean {
  return WAITING.test(key) || UNREAD.test(key)
}

/** Writes the keys of an export into a store. */
export class Importing {
  readonly #store: Store
  readonly #placement: Placement
  readonly #counted = new Set<string>()

  constructor(store: Store, placement: Placement) {
    this.#store = store
    this.#placement = placement
  }

  async put(key: StoredKey): Promise<void> {
    if (isTransient(key.key) || key.kind === 'hash' || UNREAD_COUNT.test(key.key)) return
    for (const part of this.#placement.place(key)) await this.#putAt(part)
  }

  async putLate(key: StoredKey): Promise<void> {
    for (const part of this.#placement.place(key)) {
      const [, queue, state = ''] = WAITING.exec(part.key) ?? []
      await (queue === undefined ? this.#putAt(part) : this.#enqueueAll(queue, state, part))
    }
  }

  async #putAt(key: StoredKey): Promise<void> {
    const { partition } = key
    const ops = this.#opsFor(key)
    for (let from = 0; from < ops.length; from += CHUNK) {
      await this.#store.commit({ partition, ops: ops.slice(from, from + CHUNK) })
    }
    if (key.kind === 'string' || key.ttlMs === null) return
    await this.#store.commit({ partition, ops: [['expire', key.key, key.ttlMs]] })
  }

  async #enqueueAll(queue: string, state: string, key: StoredKey): Promise<void> {
    const jobs: { readonly id: string; readonly availableAt: number }[] = []
    if (key.kind === 'list') jobs.push(...key.value.map((id) => ({ id, availableAt: 0 })).reverse())
    if (key.kind === 'zset') {
      const at = (score: number) => (state === 'scheduled' ? score : 0)
      jobs.push(...key.value.map(([id, score]) => ({ id, availableAt: at(score) })))
    }
    for (let from = 0; from < jobs.length; from += AT_ONCE) {
      const some = jobs.slice(from, from + AT_ONCE)
      await Promise.all(some.map((job) => this.#enqueue(key.partition, queue, job)))
    }
  }

  async #enqueue(
    partition: number,
    queue: string,
    { id, availableAt }: { readonly id: string; readonly availableAt: number },
  ): Promise<void> {
    const job = await this.#store.get(partition, queueKeys.job(queue, id))
    if (job === null) return
    const { priority } = JSON.parse(job) as { readonly priority: Priority }
    const ttlMs = WEEK_MS + Math.max(0, availableAt - Date.now())
    await this.#store.commit({
      partition,
      guards: [['once', `imported:${queue}:${id}`, '1', IMPORTED_MS]],
      ops: [['enqueue', queue, id, job, priority, availableAt, ttlMs]],
    })
  }

  #opsFor(key: StoredKey): Op[] {
    switch (key.kind) {
      case 'string':
        return [this.#stringOp(key.key, key.value, key.ttlMs ?? 0)]
      case 'list':
        return this.#listOps(key.key, key.value)
      case 'set':
        return key.value.map((member): Op => ['sadd', key.key, member])
      case 'zset':
        if (UNREAD.test(key.key)) return unreadOps(key)
        // JSON has no infinity: what never ends is written as null.
        return key.value.map(
          ([member, score]): Op => ['zadd', key.key, score ?? Number.POSITIVE_INFINITY, member],
        )
      default:
        return []
    }
  }

  /** Of a counter the parts are added up. */
  #stringOp(key: string, value: string, ttlMs: number): Op {
    const isPart = this.#placement.isMerging && COUNTER.test(key)
    const isFurther = isPart && this.#counted.has(key)
    if (isPart) this.#counted.add(key)
    return isFurther ? ['incr', key, Number(value), ttlMs] : ['set', key, value, ttlMs]
  }

  /** A list takes the place of what was there; where parts become one, each item does. */
  #listOps(key: string, value: readonly string[]): Op[] {
    const pushes = value.toReversed().map((item): Op => ['push', key, item, 0])
    if (!this.#placement.isMerging) return [['del', key], ...pushes]
    return pushes.flatMap((push): Op[] => [['pull', key, String(push[2])], push])
  }
}

/** Through the verb that keeps count of what is unread. */
function unreadOps({ key, value }: StoredKey & { readonly kind: 'zset' }): Op[] {
  const [, scope = '', user = ''] = UNREAD.exec(key) ?? []
  return value.map(([id, until]): Op => {
    const isForEver = until === null || until >= NEVER_AT
    return ['unread', scope, user, id, isForEver ? 0 : until]
  })
}
