import type { BroadcastMessage, BroadcastQueueName } from './broadcaster.ts'
import { queueOf } from './pending-broadcast.ts'

/**
 * An event that is broadcast when it is dispatched. Whoever dispatches hands it to
 * `Broadcast.event` after its synchronous listeners, so that a vetoed one is not told.
 */
export interface Broadcastable {
  /** Full channel names; none: it is not broadcast. */
  broadcastOn(): string | readonly string[]
  /** Default: the static `eventName`, else `App\Events\<Class>`, which Echo listens to by `<Class>`. */
  broadcastAs?(): string
  /** Default (also for `null`): the public fields. */
  broadcastWith?(): object | null
  broadcastWhen?(): boolean | Promise<boolean>
  /** `broadcasts` (default) or `critical-broadcasts`. */
  broadcastQueue?(): string
  broadcastConnections?(): readonly string[]
  /** At once, without the queue. */
  readonly broadcastNow?: boolean
  /** Whether an error is reported and not thrown. */
  readonly shouldRescue?: boolean
  /** The socket that caused it and is not told. */
  readonly socket?: string | null
}

/** An event with everything asked of it. */
export interface BroadcastPlan extends Omit<BroadcastMessage, 'data'> {
  readonly data: unknown
  readonly connections: readonly string[] | null
  readonly queue: BroadcastQueueName
  readonly now: boolean
}

export function isBroadcastable(event: unknown): event is Broadcastable {
  const on = (event as { broadcastOn?: unknown } | null)?.broadcastOn
  return typeof event === 'object' && typeof on === 'function'
}

/** What an event wants; `null`: not to be broadcast now. */
export async function planOf(event: Broadcastable): Promise<BroadcastPlan | null> {
  if (event.broadcastWhen !== undefined && !(await event.broadcastWhen())) return null
  const channels = [event.broadcastOn()].flat()
  if (channels.length === 0) return null
  return {
    channels,
    event: event.broadcastAs?.() ?? nameOf(event),
    data: event.broadcastWith?.() ?? publicFields(event),
    except: event.socket ?? null,
    connections: event.broadcastConnections?.() ?? null,
    queue: queueOf(event.broadcastQueue?.() ?? 'broadcasts'),
    now: event.broadcastNow ?? false,
  }
}

function nameOf(event: Broadcastable): string {
  const { eventName, name } = event.constructor as { eventName?: unknown; name: string }
  return typeof eventName === 'string' ? eventName : `App\\Events\\${name}`
}

const INTERNALS = ['socket', 'broadcastNow', 'shouldRescue']

function publicFields(event: Broadcastable): object {
  const fields = Object.entries(event).filter(
    ([name, value]) => !INTERNALS.includes(name) && typeof value !== 'function',
  )
  return Object.fromEntries(fields)
}
