import {
  type Clock,
  type Guard,
  isoTime,
  type Keys,
  type Op,
  partitionOf,
  STORED_RECORD,
  type Store,
} from '../../src/index.ts'
import type { PersonalBroadcasts } from '../broadcasts/personal-broadcasts.ts'
import type { DeliveryPlan } from '../deliveries/delivery-plan.ts'
import { deliveryOps } from '../deliveries/notification-deliveries.ts'
import type { QueueRoutes } from '../deliveries/queue-routes.ts'
import { Digests, type Joined } from '../flows/digests.ts'
import { followUpOps } from '../flows/follow-up-jobs.ts'
import { gather } from '../flows/gather.ts'
import { type TraceRecord, tellOfTrace, traceOp } from '../flows/traces.ts'
import type { Tell } from '../operations/activity.ts'
import { type Counted, Counts } from '../statistics/counts.ts'
import { type Acceptance, sourceOf } from './acceptance.ts'
import { Collapse, NOTHING, type Replacing } from './collapse.ts'
import type { Composed } from './composed.ts'
import { fanoutOp } from './fanout.ts'
import { inboxOps } from './inbox-ops.ts'
import { cameBy, makeRecord, type NotificationRecord } from './notification-record.ts'
import type { Realtime } from './realtime.ts'
import type { Retention } from './retention.ts'
import type { Ready, Sent } from './sending.ts'

/** On what else a write depends, and what else it does. */
export interface Condition {
  readonly guards: readonly Guard[]
  readonly ops: readonly Op[]
}

const NOTHING_ELSE: Condition = { guards: [], ops: [] }

/** `over`: its throttle is used up; `changed`: what it builds on changed meanwhile. */
export type Written = Sent | 'over' | 'changed'

export interface WriterParts {
  readonly store: Store
  readonly keys: Keys
  readonly clock: Clock
  readonly acceptance: Acceptance
  readonly realtime: Realtime
  readonly queueRoutes?: QueueRoutes
  readonly retention: Retention
  /** Told of every notification that was stored, and whether its user may have a session. */
  readonly onStored?: (record: NotificationRecord, isWatched: boolean) => void
  /** Told of every message that was set aside. */
  readonly tell?: Tell
  /** How a service elsewhere is told of it. */
  readonly personalBroadcasts?: PersonalBroadcasts
}

/** Writes what was decided of a message: everything of it at once, in its user's partition. */
export class NotificationWriter {
  readonly #parts: WriterParts
  readonly #collapse: Collapse
  readonly #digests: Digests
  readonly #counts: Counts

  constructor(parts: WriterParts) {
    this.#parts = parts
    this.#collapse = new Collapse(parts)
    this.#digests = new Digests(parts)
    this.#counts = new Counts(parts.keys)
  }

  /** A record in the inbox, one delivery per channel, and what follows on it. */
  async write(ready: Ready, plan: DeliveryPlan, condition: Condition): Promise<Written> {
    const gone = new Set<string>()
    for (;;) {
      const written = await this.#attempt(ready, plan, { condition, gone })
      if (typeof written === 'object' && 'inHand' in written) gone.add(written.inHand)
      else return written
    }
  }

  /** `inHand`: a delivery that was to be replaced has been taken by a worker. */
  async #attempt(
    ready: Ready,
    plan: DeliveryPlan,
    { condition, gone }: { condition: Condition; gone: ReadonlySet<string> },
  ): Promise<Written | { readonly inHand: string }> {
    const { acceptance, keys } = this.#parts
    const { userId, message, now } = ready
    const { collapseKey } = message
    const replacing =
      collapseKey === null ? NOTHING : await this.#collapse.find(userId, collapseKey, gone)
    const gathered =
      plan.gathered.size === 0 ? NOTHING_ELSE : await gather(this.#digests, ready, plan.gathered)
    const record = recordOf(ready, plan, replacing)
    const text = JSON.stringify(record)
    const frames = framesOf(ready, record, text, replacing)
    const guards = [...condition.guards, ...replacing.guards, ...gathered.guards]
    const accepted = await acceptance.accept<Sent>({
      partition: this.#partition(userId),
      identity: ready.identity,
      creates: this.#createdBy(ready, replacing),
      guards,
      ops: [
        ...frames.map(({ type, data }) => {
          const shared = data === text && plan.inInbox ? STORED_RECORD : data
          return fanoutOp(keys, userId, type, shared, now)
        }),
        ...condition.ops,
        ...replacing.opsFor(record.id),
        ...this.#recordOps(ready, plan, { record, text }),
        ...gathered.ops,
      ],
      reply: { status: 'sent', notification_id: record.id, channels: record.channels },
    })
    if (accepted.status === 'conflict') {
      const [kind, , name] = guards[accepted.guard] ?? []
      if (kind === 'withdraw') return { inHand: String(name) }
      return kind === 'below' ? 'over' : 'changed'
    }
    if (accepted.status === 'fresh') this.#announce(record, { frames, results: accepted.results })
    else ready.composer?.onRepeated()
    return accepted.reply
  }

  /** What is there already when this very message was written before and its answer lost. */
  #createdBy({ id }: Ready, { earlier }: Replacing): string {
    const { keys } = this.#parts
    return earlier === null || earlier.id === id ? keys.notification(id) : keys.never()
  }

  #recordOps(
    { message, recipient, now, composed }: Ready,
    plan: DeliveryPlan,
    { record, text }: { record: NotificationRecord; text: string },
  ): Op[] {
    const { keys, retention, queueRoutes: routes } = this.#parts
    const making = { now, message, composed: composed ?? null, routes }
    return [
      ...inboxOps({ keys, record, text, inInbox: plan.inInbox, retention, now }),
      ...deliveryOps(keys, record, recipient.user, making),
      ...followUpOps(keys, { record, ...making }),
      ...(this.#parts.personalBroadcasts?.(record, now) ?? []),
      ...this.#counts.ops([countedAsSent(record, plan)], {
        partition: this.#partition(record.user_id),
        now,
      }),
    ]
  }

  /** What becomes a part of a digest, or was one too many, leaves a trace. */
  async setAside(
    { id, userId, message, identity, now }: Ready,
    aside: { readonly joined: Joined } | { readonly detail: string },
  ): Promise<Written> {
    const { acceptance, keys, tell } = this.#parts
    const joined = 'joined' in aside ? aside.joined : null
    const about = { id, user_id: userId, type: message.type, title: message.title }
    const trace: Omit<TraceRecord, 'created_at'> =
      'joined' in aside
        ? { ...about, status: 'merged', reason: 'digest', into: aside.joined.digestId }
        : { ...about, status: 'dropped', reason: 'throttled', detail: aside.detail }
    const accepted = await acceptance.accept<Sent>({
      partition: this.#partition(userId),
      identity,
      creates: keys.trace(id),
      guards: joined?.guards ?? [],
      ops: [traceOp(keys, trace, now), ['zadd', keys.users(), 0, userId], ...(joined?.ops ?? [])],
      reply: {
        status: joined ? 'digested' : 'throttled',
        ...{ notification_id: id, channels: [] },
        ...(joined ? { digest_id: joined.digestId } : {}),
      },
    })
    if (accepted.status === 'conflict') return 'changed'
    if (accepted.status === 'fresh') tellOfTrace(tell, trace, sourceOf(identity))
    return accepted.reply
  }

  #announce(
    record: NotificationRecord,
    { frames, results }: { readonly frames: readonly Frame[]; readonly results: readonly number[] },
  ): void {
    const { realtime, onStored } = this.#parts
    // A frame has a number when there was a session to put it before.
    const isWatched = frames.every((_, index) => results[index] !== 0)
    onStored?.(record, isWatched)
    for (const [index, { type, data }] of frames.entries()) {
      realtime.publish(record.user_id, results[index] ?? 0, type, data)
    }
  }

  #partition(userId: string): number {
    return partitionOf(userId, this.#parts.store.partitions)
  }
}

interface Frame {
  readonly type: string
  readonly data: string
}

function framesOf(
  { frames = [] }: Ready,
  { channels }: NotificationRecord,
  text: string,
  { earlier }: Replacing,
): Frame[] {
  const type = earlier === null ? 'notification' : 'notification_updated'
  return channels.includes('realtime') ? [{ type, data: text }, ...frames] : []
}

function recordOf(
  { id, userId, message, origin = {}, identity, composed, now }: Ready,
  plan: DeliveryPlan,
  { earlier }: Replacing,
): NotificationRecord {
  const came = cameBy(origin, sourceOf(identity))
  const made = { userId, message, choice: plan, origin: came, now }
  const record = { ...makeRecord({ id: earlier?.id ?? id, ...made }), ...readFrom(composed) }
  return earlier === null ? record : { ...record, version: earlier.version + 1 }
}

/** Its class may say that it counts as read from the beginning. */
function readFrom(composed: Composed | undefined) {
  const readAt = composed?.composition.readAt ?? null
  return readAt === null ? {} : { read: true, read_at: isoTime(readAt) }
}

/** What is sent by being written: to the inbox, and to live sessions. */
function countedAsSent(
  { type, variant, channels }: NotificationRecord,
  { inInbox }: DeliveryPlan,
): Counted {
  const reached = [...(inInbox ? ['inbox'] : []), ...channels.filter((one) => one === 'realtime')]
  return { type, variant, channels: reached, metric: 'sent' }
}
