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

/** What the Pusher protocol works with. */
export interface PusherParts {
  readonly application: Application
  readonly credentials: AppCredentials
  readonly channels: Channels
  readonly cache: ChannelCache
  readonly bus: RealtimeBus
  /** Who somebody is that the application signed for. */
  readonly identify: (user: string, claims: Readonly<Record<string, unknown>>) => Promise<Principal>
  /** Whether he may have one connection more. */
  readonly hasRoomFor: (principal: Principal) => boolean
  readonly onSignedIn: (client: PusherClient, principal: Principal) => void
  readonly news?: ChannelNews | null
  readonly onClosed: (client: PusherClient) => void
  readonly mostChannels: number
  readonly limit: FrameLimit
  readonly clock: Clock
  readonly log: Logger
}
