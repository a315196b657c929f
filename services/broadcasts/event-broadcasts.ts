import { type Clock, InvalidPayload, type Op } from '../../src/index.ts'
import type { EventRecord } from '../events/event-log.ts'
import type { BroadcastLog } from './broadcast-log.ts'
import type { NamedBroadcast } from './named-broadcast.ts'
import type { NotificationBroadcaster } from './notification-broadcaster.ts'

/** Makes a broadcast of an event's payload; throws `InvalidPayload`. */
export type MakeBroadcast = (payload: Readonly<Record<string, unknown>>) => NamedBroadcast

/** Event name → the broadcast that is made of it. */
export type DomainEvents = ReadonlyMap<string, MakeBroadcast>

interface Parts {
  readonly events: DomainEvents
  readonly broadcaster: Pick<NotificationBroadcaster, 'opsOf'>
  readonly broadcastLog: BroadcastLog
  readonly clock: Clock
}

/**
 * Listens to domain events: whatever is in the table is broadcast, in the write
 * that records the event. One that does not carry what its broadcast says is
 * recorded all the same, and the audit trail says what was missing.
 */
export class EventBroadcasts {
  readonly #parts: Parts

  constructor(parts: Parts) {
    this.#parts = parts
  }

  readonly effects = async ({ id, type, payload }: EventRecord): Promise<readonly Op[]> => {
    const { events, broadcaster } = this.#parts
    const make = events.get(type)
    if (make === undefined) return []
    const source = `event:${type}`
    try {
      const { ops } = await broadcaster.opsOf(make(payload), { id, source })
      return ops
    } catch (error) {
      if (!(error instanceof InvalidPayload)) throw error
      return [this.#refused(id, type, error)]
    }
  }

  #refused(id: string, event: string, error: InvalidPayload): Op {
    const { broadcastLog, clock } = this.#parts
    const issues = error.issues.map(({ path, message }) => `${path}: ${message}`)
    const refused = issues.join('; ') || error.message
    const none = { kind: null, channels: [], queue: null, recorded_for: 0 }
    return broadcastLog.opOf({ ...none, id, event, source: `event:${event}`, refused }, clock.now())
  }
}
