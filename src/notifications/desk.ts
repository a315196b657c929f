import type { Priority } from '../store/store.ts'
import type { FlowOptions } from './flow-options.ts'
import type { Said } from './lifecycle.ts'
import type { ChannelOutcome } from './outcomes.ts'

/** What one channel is to say, and on what terms. */
export interface Part {
  /** What `to<Channel>()` answered. */
  readonly message: unknown
  /** Epoch milliseconds; `null`: at once. */
  readonly availableAt: number | null
  /** `null`: the channel's own. */
  readonly queue: string | null
  readonly tries: number | null
  /** How many tries may fail. */
  readonly maxExceptions: number | null
  /** Milliseconds between tries; none: as the channel has it. */
  readonly backoffMs: readonly number[]
  readonly timeoutMs: number | null
  /** Epoch milliseconds. */
  readonly retryUntil: number | null
}

/** What a notification says once it is known on which channels it may. */
export interface Composition {
  readonly id: string
  /** By channel, as the application calls it (`email`); further ones too, as far as it has words for them. */
  readonly parts: ReadonlyMap<string, Part>
  /** Channels that are left out after all, and why. */
  readonly dropped: Readonly<Record<string, string>>
  /** When its record counts as read from the beginning (epoch ms); `null`: it is unread. */
  readonly readAt: number | null
  /** For the jobs. */
  readonly said: Said
}

/** Channels that passed the gates. */
export interface Passed {
  readonly id: string
  readonly channels: readonly string[]
  /** Channels that may be taken later: a digest's, a fallback's. */
  readonly further?: readonly string[]
  /** Of the user, as the directory has it. */
  readonly locale: string | null
}

/** One notification to one recipient, before the gates. */
export interface Envelope {
  /** `null`: addresses alone. */
  readonly userId: string | null
  /** With `database` where it goes into the inbox. */
  readonly channels: readonly string[]
  /** What the recipient himself says of where channels reach him. */
  readonly addresses: Readonly<Record<string, readonly string[]>>
  readonly type: string
  readonly category: string | null
  /** Channel → whether it is wanted where nobody has said anything. */
  readonly preferences: Readonly<Record<string, boolean>> | null
  readonly priority: Priority
  readonly critical: boolean
  readonly flow: FlowOptions
  /** What conditions of its type may speak of: its own fields. */
  readonly fields: Readonly<Record<string, unknown>>
  /** Epoch milliseconds; `null`: never. */
  readonly expiresAt: number | null
  readonly deduplicationId: string | null
  readonly broadcastOn: readonly string[]
  readonly broadcastAs: string | null
  /** Called once the gates are passed. */
  compose(passed: Passed): Promise<Composition>
}

/** What the application does with what is said: gates, records, jobs. */
export interface Desk {
  /**
   * Keeps it with its deliveries, in one write; answers for every channel.
   * Throws what refuses it as a whole.
   */
  accept(envelope: Envelope): Promise<readonly ChannelOutcome[]>
  /** Waits until what was queued has been tried; a channel that takes too long stays `queued`. */
  settled(outcomes: readonly ChannelOutcome[]): Promise<readonly ChannelOutcome[]>
  /** A user of the directory, as classes see him. */
  find(userId: string): Promise<object>
}
