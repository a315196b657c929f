import { Broadcast } from '../broadcasting/broadcast.ts'
import type { BroadcastManager } from '../broadcasting/broadcast-manager.ts'
import { currentEvents } from '../events/event.ts'
import { currentInbox } from '../notifications/inbox.ts'
import { currentNotifier } from '../notifications/notification.ts'
import type { Services } from './services.ts'

/**
 * Makes this service the one that static calls mean: `Notification.send`,
 * `Event.dispatch`, `Broadcast.channel`, `inbox()`. The answer takes that back.
 */
export function takeStaticCalls(services: Services, manager: BroadcastManager): () => void {
  const taken = [
    currentNotifier.use(services.notifier),
    currentEvents.use(services.dispatcher),
    currentInbox.use(services.inbox),
  ]
  const detach = Broadcast.attach(manager)
  return () => {
    detach()
    for (const each of taken) each[Symbol.dispose]()
  }
}

/** Does a piece of work, and whatever it starts, in which this service is the one that static calls mean. */
export function withStaticCalls<Result>(
  services: Services,
  manager: BroadcastManager,
  work: () => Result,
): Result {
  return currentNotifier.within(services.notifier, () =>
    currentEvents.within(services.dispatcher, () =>
      currentInbox.within(services.inbox, () => Broadcast.within(manager, work)),
    ),
  )
}
