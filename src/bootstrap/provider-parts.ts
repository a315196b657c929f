import type { Breakers } from '../../services/channels/breakers.ts'
import type { DestinationLimits } from '../../services/channels/destination-limits.ts'
import type { Config } from '../config.ts'
import type { Publisher } from '../mqtt/message.ts'
import type { Keys } from '../store/keys.ts'
import type { Store } from '../store/store.ts'
import type { Clock } from '../support/clock.ts'
import type { Logger } from '../support/logger.ts'
import type { Pacing } from './pacing.ts'
import type { Services } from './services.ts'

/** What providers are made of. */
export interface ProviderParts {
  readonly config: Pick<Config, 'providers' | 'outboundAllow' | 'http' | 'actionTopics'>
  readonly services: Pick<
    Services,
    | 'outbox'
    | 'hooks'
    | 'webhookSecrets'
    | 'smsConsent'
    | 'replyCodes'
    | 'directory'
    | 'inbox'
    | 'linkSigner'
  >
  readonly publisher: Publisher
  readonly store: Store
  readonly keys: Keys
  readonly breakers: Breakers
  readonly limits: DestinationLimits
  /** The rates of providers, the same for all tenants. */
  readonly pacing: Pacing
  readonly clock: Clock
  readonly log: Logger
}
