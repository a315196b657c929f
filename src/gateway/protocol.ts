import type { Frame } from './frame.ts'
import type { Encoder } from './outbound.ts'
import type { Member } from './presence/member-records.ts'

/** What a session was told by the application when it began. */
export interface Welcome {
  readonly session_id: string
  readonly resumed: boolean
  readonly unread_count: number
  readonly pending: readonly unknown[]
  /** The user's number when the session joined. */
  readonly seq: number
}

/** The words that clients and server use. It knows sessions, never sockets. */
export interface Protocol<Client> extends Encoder {
  /** What metrics call it. */
  readonly name: string
  /** Sent to every client with each ping; `null`: nothing. */
  readonly beat: Frame | null
  /** Whether a client can come back to its session; else that ends with the connection. */
  readonly isResumable: boolean
  /** What a client sees first. */
  welcome(welcome: Welcome): Frame
  /** Who is on a presence channel that the client has just joined. */
  present(channel: string, members: readonly Member[]): Frame
  /** Handles one text message, in order; answers by `client.send`. Never rejects. */
  receive(client: Client, text: string): Promise<void>
  /** What a client is told about an error of its own, or of ours. */
  refusal(error: unknown, ref?: string | number): Frame
}
