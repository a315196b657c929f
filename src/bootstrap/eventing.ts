import { eventListeners } from '../../routers/events.ts'
import type { QueueAdmin } from '../../services/deliveries/queue-admin.ts'
import type { QueueNames } from '../../services/deliveries/queue-names.ts'
import type { Directory } from '../../services/directory/directory.ts'
import { EventLog } from '../../services/events/event-log.ts'
import type { EventTypes } from '../../services/events/event-types.ts'
import { EventWork } from '../../services/events/event-work.ts'
import { ListenerQueue } from '../../services/events/listener-queue.ts'
import { ListenerWork } from '../../services/events/listener-work.ts'
import { NotifiableEvents } from '../../services/events/notifiable-events.ts'
import type { Acceptance } from '../../services/notifications/acceptance.ts'
import { NotificationDesk } from '../../services/notifications/notification-desk.ts'
import type { NotificationService } from '../../services/notifications/notification-service.ts'
import type { Tell } from '../../services/operations/activity.ts'
import type { TemplateCatalog } from '../../services/templates/template-catalog.ts'
import type { BroadcastManager } from '../broadcasting/broadcast-manager.ts'
import { EventDispatcher } from '../events/dispatcher.ts'
import { Lifecycle } from '../notifications/lifecycle.ts'
import { Sender } from '../notifications/sender.ts'
import type { Bell } from '../queue/bell.ts'
import type { Keys } from '../store/keys.ts'
import type { Store } from '../store/store.ts'
import type { Clock } from '../support/clock.ts'
import type { Logger } from '../support/logger.ts'
import { type EventSettings, USUAL_EVENTS } from './event-settings.ts'

interface Ingredients {
  readonly store: Store
  readonly keys: Keys
  readonly clock: Clock
  readonly log: Logger
  readonly bell: Bell
  readonly acceptance: Acceptance
  readonly directory: Directory
  readonly notifications: NotificationService
  readonly queues: QueueAdmin
  readonly queueNames: QueueNames
  readonly templateCatalog: TemplateCatalog
  readonly eventTypes: EventTypes
  readonly locale?: string
  readonly events?: EventSettings
  readonly tell?: Tell
  /** What broadcasts; none: nothing is broadcast. */
  readonly broadcaster?: () => BroadcastManager | null
}

export type Eventing = ReturnType<typeof createEventing>

/** Events and their listeners, and what notification classes say. */
export function createEventing(ingredients: Ingredients) {
  const {
    clock,
    log,
    events: settings = USUAL_EVENTS,
    eventTypes: types,
    broadcaster = () => null,
  } = ingredients
  const isSync = settings.processing === 'sync'
  const dispatcher: EventDispatcher = new EventDispatcher({
    clock,
    log,
    mode: settings.listeners,
    jobs: isSync ? null : new ListenerQueue(ingredients),
    broadcast: async (event) => {
      await broadcaster()?.event(event)
    },
  })
  eventListeners({ listen: dispatcher.listen, log })
  const notifiableEvents = new NotifiableEvents({
    ...ingredients,
    ...{ types, catalog: ingredients.templateCatalog, processesNow: isSync },
  })
  const eventWork = new EventWork({
    ...ingredients,
    ...{ dispatcher: () => dispatcher, notifiables: notifiableEvents },
  })
  const lifecycle = new Lifecycle({ events: dispatcher, log })
  const desk = new NotificationDesk({ ...ingredients, broadcaster })
  return {
    dispatcher,
    events: new EventLog({ ...ingredients, types, processNow: isSync ? eventWork.now : null }),
    eventWork,
    lifecycle,
    listenerWork: new ListenerWork({ ...ingredients, dispatcher: () => dispatcher }),
    notifiableEvents,
    notifier: new Sender({
      ...{ desk, lifecycle, clock, log },
      ...(ingredients.locale === undefined ? {} : { locale: ingredients.locale }),
    }),
  }
}
