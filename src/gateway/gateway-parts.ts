import type { Bus } from '../store/bus.ts'
import type { Store } from '../store/store.ts'
import type { Clock } from '../support/clock.ts'
import type { Logger } from '../support/logger.ts'
import type { Application } from './application.ts'
import type { ChannelNews } from './channel-news.ts'
import type { Limits } from './connection-limits.ts'
import type { Trouble } from './sockets.ts'

/** What a gateway works with. */
export interface GatewayParts {
  readonly store: Store
  readonly bus: Bus
  readonly clock: Clock
  readonly log: Logger
  readonly limits?: Limits
  /** Told of every client that was let in. */
  readonly onOpened?: (protocol: string) => void
  /** Told of every client that was refused or cut. */
  readonly onTrouble?: (why: Trouble) => void
  /** Told of what happens on channels; `null`: nobody wants to know. */
  readonly news?: ChannelNews | null
  /** The application of one tenant. */
  readonly applicationOf: (tenant: string) => Application
}
