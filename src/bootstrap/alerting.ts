import { AlertActions } from '../../services/alerts/alert-actions.ts'
import { AlertBoard } from '../../services/alerts/alert-board.ts'
import { AlertChanges } from '../../services/alerts/alert-changes.ts'
import { AlertNotices } from '../../services/alerts/alert-notices.ts'
import { AlertNotifier } from '../../services/alerts/alert-notifier.ts'
import { AlertPlacing } from '../../services/alerts/alert-placing.ts'
import type { AlertNews } from '../../services/alerts/alert-record.ts'
import { AlertRehearsal } from '../../services/alerts/alert-rehearsal.ts'
import { AlertRoutes, type AlertRouting } from '../../services/alerts/alert-routes.ts'
import { AlertService } from '../../services/alerts/alert-service.ts'
import { AlertStore } from '../../services/alerts/alert-store.ts'
import { AlertTeller } from '../../services/alerts/alert-teller.ts'
import { AlertTimers } from '../../services/alerts/alert-timers.ts'
import { AlertWebhooks } from '../../services/alerts/alert-webhooks.ts'
import { AlertWorkHandler } from '../../services/alerts/alert-work.ts'
import { ContactMethods } from '../../services/alerts/contact-methods.ts'
import { Documents } from '../../services/alerts/documents.ts'
import type { EscalationPolicy } from '../../services/alerts/escalation-policy.ts'
import { GroupTeller } from '../../services/alerts/group-teller.ts'
import { MaintenanceService } from '../../services/alerts/maintenance-service.ts'
import { NotificationRules } from '../../services/alerts/notification-rules.ts'
import { OnCall } from '../../services/alerts/on-call.ts'
import { Responders } from '../../services/alerts/responders.ts'
import type { Schedule } from '../../services/alerts/schedule.ts'
import type { Announcing } from '../../services/broadcasts/announcements.ts'
import type { Directory } from '../../services/directory/directory.ts'
import type { Memberships } from '../../services/directory/memberships.ts'
import { AlertGroups } from '../../services/noise/alert-groups.ts'
import { FlapLedger } from '../../services/noise/flap-ledger.ts'
import { FlapSettling } from '../../services/noise/flap-settling.ts'
import { HeldWork } from '../../services/noise/held-work.ts'
import type { InhibitionRule } from '../../services/noise/inhibition.ts'
import { Inhibitions } from '../../services/noise/inhibitions.ts'
import { Mutes } from '../../services/noise/mutes.ts'
import type { Silence } from '../../services/noise/silence.ts'
import { Silences, silenceTtlMs } from '../../services/noise/silences.ts'
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
  readonly notifications: NotificationService
  readonly announcements: Announcing
  /** `ALERT_WEBHOOKS`. */
  readonly alertWebhooks: readonly string[]
  readonly publicUrl: () => string
  /** Told after every change of an alert's state. */
  readonly onNews: (news: AlertNews) => void
}

export type Alerting = ReturnType<typeof createAlerting>

/** What takes alerts in, tells people of them and goes on until somebody answers. */
export function createAlerting(ingredients: Ingredients) {
  const alerts = new AlertStore(ingredients)
  const { store, keys } = ingredients
  const { policies, schedules, silenceDocuments, rules, routing } = createDocuments(ingredients)
  const alertRoutes = new AlertRoutes({ store, routing, policies })
  const onCall = new OnCall({ ...ingredients, schedules })
  const responders = new Responders({ ...ingredients, onCall, policies, routes: alertRoutes })
  const webhooks = new AlertWebhooks({ ...ingredients, receivers: ingredients.alertWebhooks })
  const flaps = new FlapLedger(ingredients)
  const base = { ...ingredients, alerts, responders, flaps, rules, webhooks }
  const changes = new AlertChanges(base)
  const timers = new AlertTimers({ ...base, changes })
  const contacts = new ContactMethods(ingredients)
  const notificationRules = new NotificationRules({ store, keys, contacts })
  const silences = new Silences({ ...ingredients, silences: silenceDocuments })
  const mutes = new Mutes({ ...base, silences })
  const raising = new AlertService({ ...base, changes, mutes })
  const held = new HeldWork({ ...base, changes, mutes, raising })
  const groups = new AlertGroups(base)
  const teller = new AlertTeller({ ...ingredients, rules: notificationRules })
  const placing = new AlertPlacing({ ...base, changes })
  const notifier = new AlertNotifier({ ...base, groups, placing, teller })
  const notices = new AlertNotices({ ...base, groups, silences, teller })
  const groupTeller = new GroupTeller({ ...base, groups, mutes, notifier, placing, teller })
  const settling = new FlapSettling({ ...ingredients, changes })
  const inhibitions = new Inhibitions({ ...base, changes })
  const work = {
    ...ingredients,
    groupTeller,
    held,
    inhibitions,
    notices,
    notifier,
    settling,
    timers,
  }
  return {
    alerts: raising,
    alertActions: new AlertActions({ ...base, changes }),
    alertBoard: new AlertBoard({ alerts, mutes }),
    alertRoutes,
    alertRehearsal: new AlertRehearsal({ ...base, raising, mutes }),
    alertStore: alerts,
    alertWork: new AlertWorkHandler(work),
    contacts,
    inhibitions,
    maintenance: new MaintenanceService({ ...ingredients, silences: silenceDocuments }),
    notificationRules,
    onCall,
    policies,
    schedules,
    silences,
  }
}

/** What people write down about alerts. */
function createDocuments({ store, keys, clock }: Ingredients) {
  const kept = (all: string, one: (id: string) => string) => ({
    ...{ all, one, version: keys.version(all) },
  })
  return {
    policies: new Documents<EscalationPolicy>({
      store,
      keys: kept(keys.escalationPolicies(), keys.escalationPolicy),
      noun: 'escalation policy',
    }),
    routing: new Documents<AlertRouting>({
      store,
      keys: kept(keys.alertRoutings(), keys.alertRouting),
      noun: 'routing of alerts',
    }),
    schedules: new Documents<Schedule>({
      store,
      keys: kept(keys.schedules(), keys.schedule),
      noun: 'schedule',
    }),
    silenceDocuments: new Documents<Silence>({
      store,
      keys: kept(keys.silences(), keys.silence),
      noun: 'silence',
      ttlMs: (silence) => silenceTtlMs(silence, clock.now()),
    }),
    rules: new Documents<InhibitionRule>({
      store,
      keys: kept(keys.inhibitionRules(), keys.inhibitionRule),
      noun: 'inhibition rule',
    }),
  }
}
