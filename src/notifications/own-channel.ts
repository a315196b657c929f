/** One delivery as a channel of your own gets it. */
export interface OwnDelivery<Message = unknown> {
  /** The same at every try: what was sent twice can be told by it. */
  readonly id: string
  /** What `to<Channel>()` answered; of an ordinary message its title and text. */
  readonly message: Message
  /** What `routeNotificationFor<Channel>()` answered; the user's id where it says nothing. */
  readonly address: string
  readonly userId: string | null
  readonly notificationId: string | null
  /** Tries before this one. */
  readonly attempts: number
  /** Aborted when the process stops or the try takes too long. */
  readonly signal: AbortSignal
}

/**
 * A channel of your own: resolves when the message is out, with the provider's
 * name for it if it gave one. What it throws is tried again, unless the error
 * says `retryable: false`.
 */
export interface OwnChannel<Message = unknown> {
  send(delivery: OwnDelivery<Message>): Promise<unknown>
  /** Whether it can be reached; rejects with the reason. */
  verify?(): Promise<void>
  close?(): Promise<void>
}
