import type { SendOutcome } from '../channel.ts'
import type { Answered } from './exchange.ts'
import type { HttpRequest } from './guarded-sender.ts'
import type { PostJob } from './post-message.ts'
import type { Pace } from './rate-pacer.ts'

/** Why a post can never be sent as it is addressed. */
export class Unsendable extends Error {}

/** How many posts are still taken, and in how many milliseconds more are. */
export interface RateLimits {
  readonly remaining: number
  readonly resetMs: number
}

/** What an answer means, in the vendor's own words. */
export interface Verdict {
  /** `null`: what the status means. */
  readonly outcome: SendOutcome | null
  /** The vendor's word for what it refused. */
  readonly word?: string | null
  /** Whether this address will never take anything again. */
  readonly isDead?: boolean
  /** Whether it is our own token that the vendor does not take: no address works then. */
  readonly isLockedOut?: boolean
  /** What it says of its limits. */
  readonly limits?: RateLimits | null
  /** Whether its limit holds for all of our posts, not for this address alone. */
  readonly isGlobalLimit?: boolean
}

/** One vendor that is reached by posting: how a message is put, and what its answers mean. */
export interface Target {
  /** As records name it. */
  readonly name: string
  /** What becomes of a post whose answer was lost. */
  readonly lost: 'retry' | 'uncertain'
  readonly pace?: Pace
  /** Puts a delivery for an address into a request; throws {@link Unsendable}. */
  compose(address: URL, job: PostJob, now: number): HttpRequest | Promise<HttpRequest>
  /** `now` in epoch milliseconds. */
  read?(answer: Answered, now: number): Verdict
}
