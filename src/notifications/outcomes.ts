/** What became of a notification to one recipient on one channel, as far as is known at once. */
export interface ChannelOutcome {
  /** `null`: somebody who is known by addresses alone. */
  readonly userId: string | null
  readonly notificationId: string | null
  readonly channel: string
  readonly status: 'sent' | 'queued' | 'skipped' | 'failed'
  /** Why it was skipped or has failed, in a word of the trace. */
  readonly reason?: string
  readonly error?: Error
}

/** One outcome for every recipient and channel: one that fails leaves the others alone. */
export class Outcomes {
  readonly all: readonly ChannelOutcome[]

  constructor(all: readonly ChannelOutcome[]) {
    this.all = all
  }

  /** Handed over, or kept in a queue that will. */
  get sent(): readonly ChannelOutcome[] {
    return this.all.filter(({ status }) => status === 'sent' || status === 'queued')
  }

  get skipped(): readonly ChannelOutcome[] {
    return this.all.filter(({ status }) => status === 'skipped')
  }

  get failed(): readonly ChannelOutcome[] {
    return this.all.filter(({ status }) => status === 'failed')
  }

  /** Throws an `AggregateError` when everything that was tried has failed. */
  orThrow(): this {
    if (this.failed.length === 0 || this.sent.length > 0) return this
    const errors = this.failed.map(({ error, reason }) => error ?? new Error(reason))
    throw new AggregateError(errors, 'The notification reached nobody on any channel.')
  }
}
