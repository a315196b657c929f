/** One event on its way to the clients of broadcast channels. */
export interface BroadcastMessage {
  /** Full names, prefixes included. */
  readonly channels: readonly string[]
  readonly event: string
  /** JSON text. */
  readonly data: string
  /** The socket that caused it and is not told. */
  readonly except: string | null
}

/** One way to the clients: our own gateway, a service elsewhere, a log. */
export interface Broadcaster {
  /** The driver: `gateway`, `redis`, `pusher`, `mqtt`, `log`, `null`. */
  readonly name: string
  /**
   * Hands the event on; resolves when the other side has taken it. Rejects with
   * `BroadcastFailed`, or any error that means a bug.
   */
  broadcast(message: BroadcastMessage, signal?: AbortSignal): Promise<void>
  /** Whether the other side can be reached with what it was given; rejects with the reason. */
  verify?(): Promise<void>
}

/**
 * Why an event was not taken: `refused` for good, `retry` for now, `unreachable`
 * before anybody had it (waiting uses no attempt up).
 */
export class BroadcastFailed extends Error {
  readonly kind: 'refused' | 'retry' | 'unreachable'
  /** Milliseconds; the other side named a time. */
  readonly retryAfterMs: number | undefined

  constructor(
    kind: BroadcastFailed['kind'],
    message: string,
    options: ErrorOptions & { readonly retryAfterMs?: number | undefined } = {},
  ) {
    super(message, options)
    this.kind = kind
    this.retryAfterMs = options.retryAfterMs
  }
}

/** A broadcast that waits to be handed on, durably. */
export interface QueuedBroadcast {
  readonly connection: string
  /** One of `BROADCAST_QUEUES`. */
  readonly queue: BroadcastQueueName
  readonly message: BroadcastMessage
}

/** Keeps broadcasts until workers have handed them on; resolves when they are durable. */
export interface BroadcastQueue {
  push(broadcasts: readonly QueuedBroadcast[]): Promise<void>
}

/** The queues of broadcasts; what is critical does not wait behind the rest. */
export const BROADCAST_QUEUES = ['broadcasts', 'critical-broadcasts'] as const
export type BroadcastQueueName = (typeof BROADCAST_QUEUES)[number]

export function isBroadcastQueue(name: string): name is BroadcastQueueName {
  return (BROADCAST_QUEUES as readonly string[]).includes(name)
}
