import type { Described } from './client-info.ts'
import type { Frame } from './frame.ts'

/** Bytes that may wait in one connection before the client counts as stuck. */
export const BUFFER_LIMIT = 1024 * 1024

/** What carries frames to one client: a WebSocket, an event stream. */
export interface Transport {
  /** Process-wide unique; tells two sockets of one session apart. */
  readonly id: string
  readonly isOpen: boolean
  /** Bytes accepted and not yet taken by the network. */
  readonly buffered: number
  send(frame: Frame): void
  /** Calls `listener` once when the network has taken everything. */
  onceDrained(listener: () => void): void
  /** Says goodbye with a close code of `close-codes.ts` and ends. */
  close(code: number, reason: string): void
  /** Ends at once: a client that does not read gets no goodbye. */
  terminate(): void
  /** Stops and starts reading from the client. */
  pause(): void
  resume(): void
}

/** Who is behind a transport and hears from it. */
export interface TransportOwner {
  /** One complete text message. */
  onText(text: string): void
  /** Anything that cannot be a message of the protocol. */
  onBinary(): void
  /** A ping is about to be written. */
  onBeat(): void
  /** The client answered it: everything written before it has arrived. */
  onPong(): void
  /** `null`: nobody is known to be there. */
  describe(): Described | null
  /** An operator sends the client away. */
  onDismissed(): void
  /** Called once; nothing is sent or received afterwards. */
  onClosed(): void
}
