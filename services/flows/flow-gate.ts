import type { Guard, Op } from '../../src/index.ts'
import { isTimeZone } from '../directory/quiet-hours.ts'
import type { Composed } from '../notifications/composed.ts'
import type { Message, Origin } from '../notifications/notification-record.ts'
import { nextOf } from './cron.ts'
import { type Digests, eventOf, hashOf, type Joined } from './digests.ts'
import type { Digest, Throttle } from './flow-fields.ts'

/** A message on its way to one person, with its words. */
export interface Passing {
  readonly id: string
  readonly userId: string
  readonly message: Message
  readonly origin: Origin
  /** What its class said. */
  readonly composed?: Composed | undefined
  /** Of the recipient; `null`: he did not say. */
  readonly timezone: string | null
  readonly now: number
  /** Whether its throttle was found used up. */
  readonly isOver: boolean
}

/** How it goes on: as a notification while the guards hold, as a part of a digest, or not at all. */
export type FlowVerdict =
  | { readonly kind: 'pass'; readonly guards: readonly Guard[]; readonly ops: readonly Op[] }
  | { readonly kind: 'merge'; readonly joined: Joined }
  | { readonly kind: 'drop'; readonly detail: string }

const PASS: FlowVerdict = { kind: 'pass', guards: [], ops: [] }

interface Parts {
  readonly digests: Digests
  /** The key that counts what a throttle lets through. */
  readonly throttleKey: (user: string, hash: string) => string
  /** Of people who did not say theirs. */
  readonly timezone: string
}

/** Asks of each message whether it is to be sent now, collected, or left out. */
export class FlowGate {
  readonly #parts: Parts

  constructor(parts: Parts) {
    this.#parts = parts
  }

  async decide(passing: Passing): Promise<FlowVerdict> {
    const { digest, throttle } = passing.message
    if (digest !== null) return this.#collect(passing, digest)
    return throttle === null ? PASS : this.#limit(passing, throttle)
  }

  async #collect(passing: Passing, digest: Digest): Promise<FlowVerdict> {
    const { digests } = this.#parts
    const { userId, now } = passing
    const name = nameOf(passing, digest.key)
    if (digest.lookBackMs !== null) {
      const free = await digests.lookBack(userId, name, digest.lookBackMs)
      if (free !== null) return { kind: 'pass', ...free }
    }
    const dueAt = digest.cron === null ? now + (digest.windowMs ?? 0) : this.#next(passing, digest)
    return this.#join(passing, name, dueAt)
  }

  async #limit(passing: Passing, throttle: Throttle): Promise<FlowVerdict> {
    const { limit, windowMs, onLimit, key } = throttle
    const name = nameOf(passing, key)
    if (passing.isOver) {
      if (onLimit === 'digest') return this.#join(passing, name, passing.now + windowMs)
      return { kind: 'drop', detail: `${limit} in ${windowMs / 1000} s have been sent` }
    }
    const counted = this.#parts.throttleKey(passing.userId, hashOf(name))
    return { kind: 'pass', guards: [['below', counted, limit, windowMs]], ops: [] }
  }

  async #join(passing: Passing, name: readonly string[], dueAt: number): Promise<FlowVerdict> {
    const { id, userId, message, origin, composed = null, now } = passing
    const event = eventOf(id, message, now)
    const joining = { userId, name, dueAt, message, origin, event, composed, now }
    return { kind: 'merge', joined: await this.#parts.digests.join(joining) }
  }

  #next({ timezone, now }: Passing, { cron }: Digest): number {
    const zone = timezone !== null && isTimeZone(timezone) ? timezone : this.#parts.timezone
    return nextOf(cron ?? '', zone, now) ?? now
  }
}

/** What tells flows of one user apart: what it is about, and the value at `key`. */
function nameOf({ message }: Passing, key: string | null): string[] {
  const about = message.template?.eventType ?? message.type
  if (key === null) return [about]
  const value = valueAt({ ...message.data, ...message.template?.params }, key)
  return [about, JSON.stringify(value) ?? '']
}

/** The value at a dotted path; `undefined` where there is none: that is a group too. */
function valueAt(data: Readonly<Record<string, unknown>>, path: string): unknown {
  let value: unknown = data
  for (const name of path.split('.')) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined
    value = (value as Record<string, unknown>)[name]
  }
  return value
}
