import type { AppCredentials } from '../../../broadcasting/app-credentials.ts'
import type { Principal } from '../../../context.ts'
import type { Clock } from '../../../support/clock.ts'
import type { Logger } from '../../../support/logger.ts'
import type { Application } from '../../application.ts'
import type { ChannelCache } from '../../channel-cache.ts'
import type { ChannelNews } from '../../channel-news.ts'
import type { Channels } from '../../channels.ts'
import type { FrameLimit } from '../../frame-limit.ts'
import type { RealtimeBus } from '../../realtime-bus.ts'
import type { PusherClient } from './pusher-client.ts'

/** An application of the Pusher protocol: whose clients its key lets in, and whom its secret speaks for. */
export interface PusherApp {
  readonly application: Application
  /** Those that hold; any of them may have signed. */
  readonly credentials: () => readonly AppCredentials[] | Promise<readonly AppCredentials[]>
  readonly cache: ChannelCache
  /** Who somebody is that the application signed for. */
  readonly identify: (user: string, claims: Readonly<Record<string, unknown>>) => Promise<Principal>
  /** By whose rights sockets join on which nobody has signed in; `null`: nobody's. */
  readonly nobody: Principal | null
  readonly news?: ChannelNews | null
}

/** What the Pusher protocol works with. */
export interface PusherParts extends PusherApp {
  readonly channels: Channels
  readonly bus: RealtimeBus
  /** Whether he may have one connection more. */
  readonly hasRoomFor: (principal: Principal) => boolean
  readonly onSignedIn: (client: PusherClient, principal: Principal) => void
  readonly onClosed: (client: PusherClient) => void
  readonly mostChannels: number
  readonly limit: FrameLimit
  readonly clock: Clock
  readonly log: Logger
}
