export const DAY_MS = 86_400_000

/** What the services are asked to do; the answer says how long it took. */
export type ServicesCommand =
  /** Puts users into the directory. */
  | { readonly do: 'fill'; readonly from: number; readonly to: number }
  /** Sends one message to each user, one by one, 500 in flight. */
  | { readonly do: 'singles'; readonly users: number }
  /** Sends messages to users chosen at random. */
  | { readonly do: 'some'; readonly users: number; readonly count: number }
  /** Sends one message to everybody, until it is stored and queued for the last. */
  | { readonly do: 'broadcast' }

export interface Took {
  readonly ms: number
  /** Of the process itself. */
  readonly cpuUs: number
}
