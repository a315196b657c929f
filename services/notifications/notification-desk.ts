import { setTimeout as pause } from 'node:timers/promises'
import {
  type BroadcastManager,
  type ChannelOutcome,
  type Clock,
  type Composition,
  type Desk,
  type Envelope,
  type Keys,
  NotFound,
  notifiable,
  type Passed,
  partitionOf,
  type Store,
  uuidFrom,
} from '../../src/index.ts'
import type { ChannelName } from '../deliveries/channel-policy.ts'
import type { DeliveryJob } from '../deliveries/delivery-job.ts'
import type { DeliveryPlan } from '../deliveries/delivery-plan.ts'
import { deliveryId, deliveryOps, IMMEDIATE } from '../deliveries/notification-deliveries.ts'
import type { QueueAdmin } from '../deliveries/queue-admin.ts'
import type { QueueNames } from '../deliveries/queue-names.ts'
import type { QueueRoutes } from '../deliveries/queue-routes.ts'
import type { Directory } from '../directory/directory.ts'
import { emptyProfile } from '../directory/user-record.ts'
import { type Acceptance, type Identity, ownWork } from './acceptance.ts'
import { classFlow } from './class-flow.ts'
import { messageAfter } from './composed.ts'
import { mintId } from './mint-id.ts'
import { type Message, makeRecord, messageOf as messageWith } from './notification-record.ts'
import type { NotificationService } from './notification-service.ts'

/** What Echo's `.notification()` listens for. */
const ECHO_EVENT = 'Illuminate\\Notifications\\Events\\BroadcastNotificationCreated'
const SETTLED_WITHIN_MS = 30_000
const LOOK_EVERY_MS = 20
const OVER = ['sent', 'delivered', 'read', 'failed', 'skipped', 'canceled', 'uncertain']

interface Parts {
  readonly store: Store
  readonly keys: Keys
  readonly clock: Clock
  readonly directory: Directory
  readonly acceptance: Acceptance
  readonly notifications: NotificationService
  readonly queues: QueueAdmin
  readonly queueNames: QueueNames
  readonly queueRoutes?: QueueRoutes
  readonly broadcaster: () => BroadcastManager | null
}

/** What notification classes say goes through the same gates, records and queues as all the rest. */
export class NotificationDesk implements Desk {
  readonly #parts: Parts

  constructor(parts: Parts) {
    this.#parts = parts
  }

  async accept(envelope: Envelope): Promise<readonly ChannelOutcome[]> {
    const { userId } = envelope
    return userId === null ? this.#acceptAddressed(envelope) : this.#acceptUser(envelope, userId)
  }

  async find(userId: string): Promise<object> {
    const { user } = await this.#parts.directory.recipient(userId)
    const { devices: _, ...profile } = user
    return notifiable({ ...profile, preferredLocale: () => profile.locale })
  }

  async settled(outcomes: readonly ChannelOutcome[]): Promise<readonly ChannelOutcome[]> {
    return Promise.all(outcomes.map((outcome) => this.#settled(outcome)))
  }

  async #acceptUser(envelope: Envelope, userId: string): Promise<ChannelOutcome[]> {
    let plan: DeliveryPlan | null = null
    let composition: Composition | null = null
    let isRepeated = false
    const sent = await this.#parts.notifications.send({
      userId,
      message: messageFor(envelope),
      identity: identityFor(envelope, userId),
      overridesPreferences: envelope.critical,
      composer: {
        addresses: envelope.addresses,
        fields: envelope.fields,
        compose: (passed) => this.#compose(envelope, passed),
        onPlanned(planned, composed) {
          plan = planned
          composition = composed
        },
        onRepeated() {
          isRepeated = true
        },
      },
    })
    const planned = plan as DeliveryPlan | null
    const composed = composition as Composition | null
    return envelope.channels.map((channel) => {
      const base = { userId, notificationId: sent.notification_id, channel }
      if (isRepeated) return droppedOutcome(base, 'duplicate')
      if (sent.status === 'digested') return droppedOutcome(base, 'digest')
      if (sent.status === 'throttled') return droppedOutcome(base, 'throttled')
      const isIn =
        channel === 'database'
          ? planned?.inInbox
          : planned?.channels.includes(channel as ChannelName)
      if (isIn) return { ...base, status: isAtOnce(channel) ? 'sent' : 'queued' }
      const why =
        composed?.dropped[channel] ?? planned?.skipped[channel as ChannelName] ?? 'preference'
      return droppedOutcome(base, why)
    })
  }

  /** No inbox, no preferences: one job for each channel that has an address. */
  async #acceptAddressed(envelope: Envelope): Promise<ChannelOutcome[]> {
    const { store, keys, clock, acceptance, queueRoutes: routes } = this.#parts
    const now = clock.now()
    const { addresses } = envelope
    const identity = identityFor(envelope, uuidFrom('addresses', JSON.stringify(addresses)))
    const id = mintId(identity, { scope: keys.scope, partitions: store.partitions, now })
    // An inbox belongs to a user: nothing to say of it.
    const channels = envelope.channels.filter((channel) => channel !== 'database')
    const reached = channels.filter((channel) => isReached(channel, envelope))
    const composition = await this.#compose(envelope, { id, channels: reached, locale: null })
    const passed = reached.filter((channel) => composition.parts.has(channel)) as ChannelName[]
    const message = messageAfter(messageFor(envelope), composition)
    const record = makeRecord({
      ...{ id, userId: '', message, origin: {}, now },
      choice: { channels: passed, skipped: {} },
    })
    const composed = { composition, addresses }
    const making = { now, message, composed, routes }
    const ops = deliveryOps(keys, record, emptyProfile(''), making)
    let isRepeated = false
    if (ops.length > 0) {
      const accepted = await acceptance.accept({
        partition: partitionOf(id, store.partitions),
        identity,
        creates: keys.never(),
        ops,
        reply: id,
      })
      isRepeated = accepted.status === 'repeated'
    }
    return channels.map((channel) => {
      const base = { userId: null, notificationId: id, channel }
      if (isRepeated) return droppedOutcome(base, 'duplicate')
      if (passed.includes(channel as ChannelName)) {
        return { ...base, status: isAtOnce(channel) ? 'sent' : 'queued' }
      }
      return droppedOutcome(base, composition.dropped[channel] ?? 'no_address')
    })
  }

  /** With queues that somebody works on, and the broadcast as its queue holds it. */
  async #compose(envelope: Envelope, passed: Passed): Promise<Composition> {
    const composition = await envelope.compose(passed)
    const queues = new Set([...composition.parts.values()].map(({ queue }) => queue))
    for (const queue of queues) if (queue !== null) await this.#parts.queueNames.note(queue)
    const part = composition.parts.get('broadcast')
    if (part === undefined) return composition
    const parts = new Map(composition.parts)
    const content = this.#broadcastContent(envelope, part.message as object)
    if (content === null) parts.delete('broadcast')
    else parts.set('broadcast', { ...part, message: content })
    return { ...composition, parts }
  }

  /** For those who listen with Echo's `.notification()`, unless the class names the event. */
  #broadcastContent(envelope: Envelope, message: object): object | null {
    const connection = this.#parts.broadcaster()?.names[0]
    const { broadcastOn: channels, broadcastAs, critical, priority } = envelope
    if (connection === undefined || channels.length === 0) return null
    const isUrgent = critical || priority === 'critical'
    return {
      channel: isUrgent ? 'critical-broadcasts' : 'broadcasts',
      ...{ connection, channels, event: broadcastAs ?? ECHO_EVENT, except: null },
      payload: JSON.stringify(message),
    }
  }

  async #settled(outcome: ChannelOutcome): Promise<ChannelOutcome> {
    const { notificationId, channel } = outcome
    if (outcome.status !== 'queued' || notificationId === null) return outcome
    const endsAt = Date.now() + SETTLED_WITHIN_MS
    const id = deliveryId(notificationId, channel)
    while (Date.now() < endsAt) {
      const job = await this.#parts.queues.delivery(id).catch((error: unknown) => {
        if (error instanceof NotFound) return null
        throw error
      })
      if (job === null) return outcome
      if (OVER.includes(job.status) || job.history.length > 0) return outcomeAfter(outcome, job)
      await pause(LOOK_EVERY_MS)
    }
    return outcome
  }
}

function outcomeAfter(outcome: ChannelOutcome, job: DeliveryJob): ChannelOutcome {
  const reason = job.history.at(-1)?.reason
  const why = reason === undefined ? {} : { reason }
  if (job.status === 'skipped' || job.status === 'canceled') {
    return { ...outcome, status: 'skipped', ...why }
  }
  if (job.status === 'failed') {
    return { ...outcome, status: 'failed', error: new Error(reason ?? 'failed'), ...why }
  }
  return OVER.includes(job.status) ? { ...outcome, status: 'sent' } : { ...outcome, ...why }
}

function droppedOutcome(
  base: Pick<ChannelOutcome, 'userId' | 'notificationId' | 'channel'>,
  why: string,
): ChannelOutcome {
  if (!why.startsWith('render_failed')) return { ...base, status: 'skipped', reason: why }
  return { ...base, status: 'failed', reason: 'render_failed', error: new Error(why) }
}

function isAtOnce(channel: string): boolean {
  return channel === 'database' || IMMEDIATE.includes(channel)
}

function isReached(channel: string, { addresses, broadcastOn }: Envelope): boolean {
  if (channel === 'broadcast') return broadcastOn.length > 0
  return addresses[channel] !== undefined
}

function messageFor(envelope: Envelope): Message {
  const { type, category, preferences, priority, channels, expiresAt } = envelope
  return messageWith({
    message: '',
    ...{ type, priority, expiresAt },
    data: category === null ? {} : { category },
    ...(preferences === null ? {} : { preferences }),
    ...classFlow(envelope.flow),
    inInbox: channels.includes('database'),
    channels: channels.filter((channel) => channel !== 'database') as ChannelName[],
  })
}

/** The same again within a day has no effect, where the class says what is the same. */
function identityFor({ deduplicationId }: Envelope, who: string): Identity {
  if (deduplicationId === null) return ownWork
  return { ...ownWork, target: `class:${who}`, idempotencyKey: deduplicationId }
}
