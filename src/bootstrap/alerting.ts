import type { Acceptance } from '../../services/acceptance.ts'
import { AlertActions } from '../../services/alert-actions.ts'
import { AlertChanges } from '../../services/alert-changes.ts'
import { AlertNotifier } from '../../services/alert-notifier.ts'
import type { AlertNews } from '../../services/alert-record.ts'
import { AlertService } from '../../services/alert-service.ts'
import { AlertStore } from '../../services/alert-store.ts'
import { AlertTimers } from '../../services/alert-timers.ts'
import { AlertWorkHandler } from '../../services/alert-work.ts'
import { ContactMethods } from '../../services/contact-methods.ts'
import type { DirectService } from '../../services/direct-service.ts'
import type { Directory } from '../../services/directory.ts'
import { Documents } from '../../services/documents.ts'
import type { EscalationPolicy } from '../../services/escalation-policy.ts'
import type { MaintenanceService } from '../../services/maintenance-service.ts'
import type { Memberships } from '../../services/memberships.ts'
import { NotificationRules } from '../../services/notification-rules.ts'
import type { NotificationService } from '../../services/notification-service.ts'
import { OnCall } from '../../services/on-call.ts'
import { Responders } from '../../services/responders.ts'
import type { Schedule } from '../../services/schedule.ts'
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
