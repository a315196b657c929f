/**
 * Messages between the processes of one installation: at most once, in order
 * per channel and sender. A hint, never the truth: what must not be lost is in
 * the store, and whoever listens can find it there.
 */
export interface Bus {
  publish(channel: string, message: string): Promise<void>
  /** Calls `listener` for every message, for our own at once. Returns the way to stop. */
  subscribe(channel: string, listener: (message: string) => void): Promise<() => Promise<void>>
  /** Called when messages may have been missed (the connection was away). */
  onGap(listener: () => void): void
  close(): Promise<void>
}
