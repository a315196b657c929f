import { createHash } from 'node:crypto'
import {
  type Clock,
  isoTime,
  type Keys,
  NotFound,
  partitionOf,
  type Store,
} from '../../src/index.ts'
import type { SendOutcome } from '../channels/channel.ts'

/** The URL under which a user is reached on a channel. */
export interface Hook {
  readonly userId: string
  readonly channel: string
  readonly url: string
}

/** What is kept of a hook that does not take what it is sent; moments are ISO 8601. */
export interface HookRecord {
  /** Of which URL this speaks: another one starts afresh. */
  readonly url_hash: string
  /** When the first of the deliveries that failed in a row did. */
  readonly failing_since: string
  readonly failed: number
  readonly disabled: { readonly reason: string; readonly since: string } | null
}

/** A hook that is not called any more, as a user's record shows it. */
export interface DisabledHook {
  readonly channel: string
  readonly reason: string
  readonly since: string
}

/** How a try on a hook ended. */
export interface HookEnd {
  readonly outcome: SendOutcome
  /** Whether the receiver said that it will never take anything again. */
  readonly isDead: boolean
  /** Whether the delivery has failed for good with it. */
  readonly isLast: boolean
}

/** Deliveries that must fail in a row, over at least so long, before a hook is given up. */
const GIVE_UP_AFTER = 3
const GIVE_UP_AFTER_MS = 5 * 86_400_000
/** What failed so long ago is forgotten. */
const FAILING_TTL_MS = 30 * 86_400_000

interface Parts {
  readonly store: Store
  readonly keys: Keys
  readonly clock: Clock
}

/**
 * Which hooks are not called any more, and why: the receiver said that it is
 * gone, or nothing got through for five days. A new URL, or an operator, ends that.
 */
export class HookState {
  readonly #parts: Parts

  constructor(parts: Parts) {
    this.#parts = parts
  }

  /** What is known against a hook; `null`: nothing. */
  async find(hook: Hook): Promise<HookRecord | null> {
    const text = await this.#parts.store.get(this.#at(hook.userId), this.#key(hook))
    const record = text === null ? null : (JSON.parse(text) as HookRecord)
    return record?.url_hash === hashOf(hook.url) ? record : null
  }

  /** Notes how a try ended; answers with the outcome, which says so when the hook was disabled. */
  async after(
    hook: Hook,
    before: HookRecord | null,
    { outcome, isDead, isLast }: HookEnd,
  ): Promise<SendOutcome> {
    if (outcome.status === 'sent' || outcome.status === 'delivered') {
      if (before !== null) await this.#forget(hook)
      return outcome
    }
    if (!isLast || !('reason' in outcome)) return outcome
    const now = this.#parts.clock.now()
    const failingSince = before?.failing_since ?? isoTime(now)
    const failed = (before?.failed ?? 0) + 1
    const isHopeless = failed >= GIVE_UP_AFTER && now - Date.parse(failingSince) >= GIVE_UP_AFTER_MS
    const hopeless = `${failed} deliveries failed since ${failingSince}, the last: ${outcome.reason}`
    const reason = isDead ? outcome.reason : isHopeless ? hopeless : null
    await this.#save(hook, {
      url_hash: hashOf(hook.url),
      failing_since: failingSince,
      failed,
      disabled: reason === null ? null : { reason, since: isoTime(now) },
    })
    return reason === null ? outcome : { ...outcome, reason: `${outcome.reason}; hook disabled` }
  }

  /** The hooks of a user that are disabled, of those that he has now. */
  async disabled(hooks: readonly Hook[]): Promise<DisabledHook[]> {
    const records = await Promise.all(hooks.map((hook) => this.find(hook)))
    return hooks.flatMap(({ channel }, index) => {
      const disabled = records[index]?.disabled
      return disabled ? [{ channel, ...disabled }] : []
    })
  }

  /** Calls a hook again. Throws `NotFound` when it was not disabled. */
  async enable(hook: Hook): Promise<void> {
    if (!(await this.find(hook))?.disabled) {
      throw new NotFound(`The ${hook.channel} hook of ${hook.userId} is not disabled.`)
    }
    await this.#forget(hook)
  }

  async #save(hook: Hook, record: HookRecord): Promise<void> {
    const ttlMs = record.disabled === null ? FAILING_TTL_MS : 0
    await this.#parts.store.commit({
      partition: this.#at(hook.userId),
      ops: [['set', this.#key(hook), JSON.stringify(record), ttlMs]],
    })
  }

  async #forget(hook: Hook): Promise<void> {
    await this.#parts.store.commit({
      partition: this.#at(hook.userId),
      ops: [['del', this.#key(hook)]],
    })
  }

  #key({ userId, channel }: Hook): string {
    return this.#parts.keys.hook(userId, channel)
  }

  #at(userId: string): number {
    return partitionOf(userId, this.#parts.store.partitions)
  }
}

/** Whoever knows a hook's URL may post to it: records do not hold it. */
function hashOf(url: string): string {
  return createHash('sha256').update(url).digest('base64url').slice(0, 22)
}
