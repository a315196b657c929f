/** A connected client as operators see it. */
export interface ClientInfo {
  /** The session; for Pusher clients, which have none, the socket. */
  readonly id: string
  readonly protocol: string
  /** Of its tenant, `Keys.scope`. */
  readonly scope: string
  /** `null`: nobody has signed in. */
  readonly user: string | null
  readonly channels: readonly string[]
  /** Epoch seconds. */
  readonly openedAt: number
  /** Bytes that the network has not taken. */
  readonly buffered: number
}

/** What whoever is behind a connection says of it. */
export type Described = Pick<ClientInfo, 'id' | 'protocol' | 'scope' | 'user' | 'channels'>
