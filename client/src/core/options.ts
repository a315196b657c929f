import type { TokenSource } from './credentials.ts'

/** What an analytics library has: `track` is told `notification_received` once a browser. */
export interface Analytics {
  track(event: string, data: unknown): void
}

export interface ClientOptions {
  /** Where the service is: `https://notify.example.com`. Default: where the page came from. */
  readonly url?: string
  /** A token, or a function that gets a fresh one. */
  readonly token?: TokenSource
  /** Who we are, where the service has authentication off. */
  readonly userId?: string
  /** Whether tabs of this browser share one connection. Default: true. */
  readonly shareConnection?: boolean
  /** Notifications that are loaded at first and with each further page, 1 to 100. Default: 20. */
  readonly pageSize?: number
  /** Milliseconds between two questions where there is no socket. Default: 10 000. */
  readonly pollMs?: number
  readonly analytics?: Analytics
  /** For places that have no `WebSocket` or `fetch` of their own; `null`: do without a socket. */
  readonly WebSocket?: typeof WebSocket | null
  readonly fetch?: typeof fetch
  /** 0 to 1, for the jitter of reconnects. Default: `Math.random`. */
  readonly random?: () => number
}
