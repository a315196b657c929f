import type { AlertActions } from '../../services/alerts/alert-actions.ts'
import type { AlertService } from '../../services/alerts/alert-service.ts'
import { Documents } from '../../services/alerts/documents.ts'
import type { EventLog } from '../../services/events/event-log.ts'
import { Heartbeats } from '../../services/heartbeats/heartbeats.ts'
import type { MonitorDocument } from '../../services/heartbeats/monitor.ts'
import type { BroadcastService } from '../../services/notifications/broadcast-service.ts'
import type { DirectService } from '../../services/notifications/direct-service.ts'
import type { NotificationService } from '../../services/notifications/notification-service.ts'
import { RuleEngine } from '../../services/rules/rule-engine.ts'
import { RuleTellings } from '../../services/rules/rule-telling.ts'
import { RuleWorkHandler } from '../../services/rules/rule-work.ts'
import { TemplateEngine } from '../../services/templates/template-engine.ts'
import type { Bell } from '../queue/bell.ts'
import type { Keys } from '../store/keys.ts'
import type { Store } from '../store/store.ts'
import type { Clock } from '../support/clock.ts'
import type { Logger } from '../support/logger.ts'

interface Ingredients {
  readonly store: Store
  readonly keys: Keys
  readonly clock: Clock
  readonly log: Logger
  readonly bell: Bell
  readonly alerts: AlertService
  readonly alertActions: AlertActions
  readonly notifications: NotificationService
  readonly broadcasts: BroadcastService
  readonly direct: DirectService
  readonly events: EventLog
}

/** What devices that know nothing of us are watched with: rules, and monitors of their silence. */
export function createRuling(ingredients: Ingredients) {
  const { store, keys } = ingredients
  const all = keys.heartbeats()
  return {
    engine: new RuleEngine({ ...ingredients, tellings: new RuleTellings(new TemplateEngine()) }),
    heartbeats: new Heartbeats(ingredients),
    monitors: new Documents<MonitorDocument>({
      store,
      keys: { all, version: keys.version(all), one: keys.heartbeat },
      noun: 'heartbeat monitor',
    }),
    ruleWork: new RuleWorkHandler(ingredients),
  }
}
