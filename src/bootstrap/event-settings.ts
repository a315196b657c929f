import { EventTypes } from '../../services/events/event-types.ts'
import { TypeRules } from '../../services/events/type-rules.ts'
import type { Bus } from '../store/bus.ts'
import type { Keys } from '../store/keys.ts'
import type { Store } from '../store/store.ts'
import type { Clock } from '../support/clock.ts'
import type { Logger } from '../support/logger.ts'

/** How events are worked on. */
export interface EventSettings {
  /** `sync`: whoever tells of an event waits until all listeners are done. */
  readonly processing: 'queued' | 'sync'
  /** Whether they are asked one after the other, or all at once. */
  readonly listeners: 'sequential' | 'parallel'
  /** Whether events of types that nobody defined are turned away. */
  readonly refusesUnknown: boolean
}

export const USUAL_EVENTS: EventSettings = {
  processing: 'queued',
  listeners: 'sequential',
  refusesUnknown: false,
}

interface Ingredients {
  readonly store: Store
  readonly bus: Bus
  readonly keys: Keys
  readonly clock: Clock
  readonly log: Logger
  readonly events?: EventSettings
}

/** What is said of types of events, and what follows for their messages. */
export function createEventTypes({ events: settings = USUAL_EVENTS, ...base }: Ingredients) {
  const eventTypes = new EventTypes({ ...base, refusesUnknown: settings.refusesUnknown })
  return { eventTypes, typeRules: new TypeRules({ ...base, types: eventTypes }) }
}
