import { authenticate } from '../../middleware/authenticate.ts'
import { notificationFilter } from '../../middleware/notification-filter.ts'
import { rateLimit } from '../../middleware/rate-limit.ts'
import { AccessService } from '../../services/access/access-service.ts'
import type { CompiledRule } from '../../services/rules/filter-rule.ts'
import type { Config } from '../config.ts'
import type { Store } from '../store/store.ts'
import type { Clock } from '../support/clock.ts'
import type { Metrics } from '../support/metrics.ts'
import type { TopicMiddleware } from './topics.ts'

/** The steps that every way in shares. */
export function createMiddleware(parts: {
  readonly config: Pick<Config, 'rateLimit'>
  readonly access: AccessService
  readonly store: Store
  readonly clock: Clock
  readonly metrics: Metrics
  /** What `RULES_FILE` keeps out, asked for with every message. */
  readonly filters?: () => readonly CompiledRule[]
}): TopicMiddleware {
  const { config, access, store, clock, metrics, filters = () => [] } = parts
  const onDropped = (rule: string) => metrics.filtered.inc({ rule })
  return {
    authenticate: authenticate({ access, looksLikeCredential: AccessService.looksLikeCredential }),
    rateLimit: rateLimit({ store, clock, limit: config.rateLimit }),
    filter: notificationFilter({ clock, rules: filters, onDropped }),
  }
}
