import type { Subscriber } from './subscriber.ts'

/** What a fleet says of itself. */
export interface FleetStatus {
  /** `null` while none is held. */
  readonly slot: number | null
  readonly lanes: readonly ReturnType<Subscriber['status']>[]
  /** Sessions of processes that are gone, being emptied. */
  readonly retiring: readonly string[]
}
