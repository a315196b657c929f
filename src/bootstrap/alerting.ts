import { AlertActions } from '../../services/alerts/alert-actions.ts'
import { AlertChanges } from '../../services/alerts/alert-changes.ts'
import { AlertNotifier } from '../../services/alerts/alert-notifier.ts'
import type { AlertNews } from '../../services/alerts/alert-record.ts'
import { AlertService } from '../../services/alerts/alert-service.ts'
import { AlertStore } from '../../services/alerts/alert-store.ts'
import { AlertTimers } from '../../services/alerts/alert-timers.ts'
import { AlertWorkHandler } from '../../services/alerts/alert-work.ts'
import { ContactMethods } from '../../services/alerts/contact-methods.ts'
import { Documents } from '../../services/alerts/documents.ts'
import type { EscalationPolicy } from '../../services/alerts/escalation-policy.ts'
import type { MaintenanceService } from '../../services/alerts/maintenance-service.ts'
import { NotificationRules } from '../../services/alerts/notification-rules.ts'
import { OnCall } from '../../services/alerts/on-call.ts'
import { Responders } from '../../services/alerts/responders.ts'
import type { Schedule } from '../../services/alerts/schedule.ts'
import type { Directory } from '../../services/directory/directory.ts'
import type { Memberships } from '../../services/directory/memberships.ts'
import type { Acceptance } from '../../services/notifications/acceptance.ts'
import type { DirectService } from '../../services/notifications/direct-service.ts'
import type { NotificationService } from '../../services/notifications/notification-service.ts'
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
  readonly acceptance: Acceptance
  readonly directory: Directory
  readonly direct: DirectService
  readonly memberships: Memberships
  readonly maintenance: MaintenanceService
  readonly notifications: NotificationService
  /** Told after every change of an alert's state. */
  readonly onNews: (news: AlertNews) => void
}

export type Alerting = ReturnType<typeof createAlerting>

/** What takes alerts in, tells people of them and goes on until somebody answers. */
export function createAlerting(ingredients: Ingredients) {
  const alerts = new AlertStore(ingredients)
  const { store, keys } = ingredients
  const policies = new Documents<EscalationPolicy>({
    store,
    keys: { all: keys.escalationPolicies(), one: keys.escalationPolicy },
    noun: 'escalation policy',
  })
  const schedules = new Documents<Schedule>({
    store,
    keys: { all: keys.schedules(), one: keys.schedule },
    noun: 'schedule',
  })
  const onCall = new OnCall({ ...ingredients, schedules })
  const responders = new Responders({ ...ingredients, onCall, policies })
  const base = { ...ingredients, alerts, responders }
  const changes = new AlertChanges(base)
  const timers = new AlertTimers({ ...base, changes })
  const contacts = new ContactMethods(ingredients)
  const notificationRules = new NotificationRules({ store, keys, contacts })
  const notifier = new AlertNotifier({ ...base, changes, rules: notificationRules })
  return {
    alerts: new AlertService(base),
    alertActions: new AlertActions({ ...base, changes }),
    alertStore: alerts,
    alertWork: new AlertWorkHandler({ ...base, notifier, timers }),
    contacts,
    notificationRules,
    onCall,
    policies,
    schedules,
  }
}
