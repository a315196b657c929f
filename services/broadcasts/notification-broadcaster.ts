import {
  type Clock,
  isoTime,
  type Keys,
  type Op,
  partitionOf,
  type QueuedBroadcast,
  type Store,
  uuidv7,
} from '../../src/index.ts'
import type { MaintenanceService } from '../alerts/maintenance-service.ts'
import { jobKey } from '../deliveries/delivery-job.ts'
import { type Acceptance, type Identity, ownWork } from '../notifications/acceptance.ts'
import type { BroadcastService } from '../notifications/broadcast-service.ts'
import { mintId } from '../notifications/mint-id.ts'
import { type Message, messageOf } from '../notifications/notification-record.ts'
import type { NotificationService } from '../notifications/notification-service.ts'
import { broadcastJobId, broadcastOps } from './broadcast-job.ts'
import { type BroadcastLog, entryOf } from './broadcast-log.ts'
import {
  approvalNeeded,
  type Campaign,
  campaignMilestone,
  campaignProgress,
} from './campaign-broadcasts.ts'
import {
  type Donation,
  type FailedPayment,
  largeDonation,
  paymentFailed,
} from './donation-broadcasts.ts'
import type { NamedBroadcast } from './named-broadcast.ts'
import {
  complianceIssue,
  type MaintenanceStage,
  maintenance,
  type Severity,
  securityAlert,
} from './system-broadcasts.ts'

/** At whose word, and as which message. */
export interface Asked {
  readonly identity: Identity
  readonly source: string
}

export interface BroadcastQueued {
  readonly status: 'broadcast_queued'
  readonly broadcast_id: string
  readonly event: string
  readonly channels: readonly string[]
  /** How many find it in their inbox. */
  readonly recorded_for: number
}

interface Parts {
  readonly store: Store
  readonly keys: Keys
  readonly clock: Clock
  readonly acceptance: Acceptance
  readonly broadcasts: Pick<BroadcastService, 'workOf'>
  readonly broadcastLog: BroadcastLog
  readonly maintenance: Pick<MaintenanceService, 'announce'>
  readonly notifications: Pick<NotificationService, 'send'>
  /** The connection by which broadcasts go: `BROADCAST_CONNECTION`. */
  readonly connection: string
}

type Details = Readonly<Record<string, unknown>>

const OURS: Asked = { identity: ownWork, source: 'service' }

/**
 * The named broadcasts of seed 002. Each is one atomic write: its event in a
 * durable queue, its record for the inboxes of those whom it concerns (as their
 * preferences allow), and a line in the audit trail.
 */
export class NotificationBroadcaster {
  readonly #parts: Parts

  constructor(parts: Parts) {
    this.#parts = parts
  }

  broadcastLargeDonationAlert(donation: Donation, threshold: number, asked = OURS) {
    return this.broadcast(largeDonation(donation, threshold), asked)
  }

  broadcastCampaignMilestone(campaign: Campaign, milestone: string, amount: number, asked = OURS) {
    return this.broadcast(campaignMilestone(campaign, milestone, amount), asked)
  }

  broadcastCampaignProgress(
    campaign: Campaign,
    amount: number,
    donors: number | null = null,
    asked = OURS,
  ) {
    return this.broadcast(campaignProgress(campaign, amount, donors), asked)
  }

  broadcastApprovalNeeded(campaign: Campaign, requestedBy: string | null = null, asked = OURS) {
    return this.broadcast(approvalNeeded(campaign, requestedBy), asked)
  }

  broadcastPaymentFailed(payment: FailedPayment, asked = OURS) {
    return this.broadcast(paymentFailed(payment), asked)
  }

  broadcastSecurityAlert(
    type: string,
    message: string,
    severity: Severity = 'high',
    details: Details = {},
    asked = OURS,
  ) {
    return this.broadcast(securityAlert(type, message, severity, details), asked)
  }

  broadcastComplianceIssue(
    type: string,
    message: string,
    severity: Severity = 'high',
    details: Details = {},
    asked = OURS,
  ) {
    return this.broadcast(complianceIssue(type, message, severity, details), asked)
  }

  /**
   * Announces a maintenance: its services raise no noise meanwhile, `system-maintenance`
   * hears of it, and administrators keep a record. `scheduledFor` in epoch milliseconds.
   */
  async broadcastMaintenanceNotification(
    stage: MaintenanceStage,
    scheduledFor: number,
    durationMinutes = 120,
    services: readonly string[] = [],
    { message = null, ...asked }: Partial<Asked> & { readonly message?: string | null } = {},
  ) {
    const { identity, source } = { ...OURS, ...asked }
    const notice = { type: stage, startsAt: scheduledFor, durationMinutes, services, message }
    await this.#parts.maintenance.announce(notice, identity)
    const news = { stage, scheduledFor, durationMinutes, services, message }
    // Two effects of one message: each knows its own repetition.
    const own = { ...identity, target: `${identity.target}#administrators`, packet: null }
    return this.broadcast(maintenance(news, ['admin-dashboard']), { identity: own, source })
  }

  /** A notification to one person: stored first, then shown on his own channels as he prefers. */
  async broadcastToUser(userId: string, message: Message, asked = OURS) {
    return this.#parts.notifications.send({ userId, message, identity: asked.identity })
  }

  /** Any of them; said twice under one identity it is broadcast once. */
  async broadcast(named: NamedBroadcast, { identity, source }: Asked): Promise<BroadcastQueued> {
    const { store, keys, clock, acceptance } = this.#parts
    const now = clock.now()
    const id = mintId(identity, { scope: keys.scope, partitions: store.partitions, now })
    const { ops, recordedFor } = await this.opsOf(named, { id, source })
    const queue = queueOf(named)
    const { event, channels } = named
    const accepted = await acceptance.accept<BroadcastQueued>({
      partition: partitionOf(id, store.partitions),
      identity,
      creates: jobKey(keys, queue, broadcastJobId(id, 0, queue)),
      ops,
      reply: {
        status: 'broadcast_queued',
        broadcast_id: id,
        event,
        channels,
        recorded_for: recordedFor,
      },
    })
    if (accepted.status === 'conflict') throw new Error('no guard of ours can refuse')
    return accepted.reply
  }

  /** What a broadcast is in a write of somebody else, in the partition of `id`. */
  async opsOf(
    named: NamedBroadcast,
    { id = uuidv7(), source }: { readonly id?: string; readonly source: string },
  ): Promise<{ readonly ops: Op[]; readonly recordedFor: number }> {
    const { keys, clock, broadcastLog } = this.#parts
    const now = clock.now()
    const queue = queueOf(named)
    const work = await this.#recordsOf(named, id)
    const made = { id, queue, source, recorded_for: work.recordedFor }
    const queued = [this.#queued(named, id, now)]
    return {
      ops: [
        broadcastLog.opOf(entryOf(named, made), now),
        ...broadcastOps(queued, { keys, id, now }),
        ...work.ops,
      ],
      recordedFor: work.recordedFor,
    }
  }

  /** A client that is on several of the channels knows by `id` that it is one event. */
  #queued(named: NamedBroadcast, id: string, now: number): QueuedBroadcast {
    const { event, channels, title, message, priority, data } = named
    const payload = {
      id,
      type: event,
      title,
      message,
      priority,
      ...data,
      created_at: isoTime(now),
      timestamp: now / 1000,
    }
    return {
      connection: this.#parts.connection,
      queue: queueOf(named),
      message: { channels, event, data: JSON.stringify(payload), except: null },
    }
  }

  async #recordsOf(named: NamedBroadcast, id: string) {
    const { roles, event, title, message, priority, data } = named
    if (roles.length === 0) return { ops: [], recordedFor: 0 }
    const { ops, record } = await this.#parts.broadcasts.workOf({
      id,
      audience: { everybody: false, users: [], groups: [], roles },
      message: messageOf({ message, title, type: event, priority, data }),
    })
    return { ops, recordedFor: record.selected }
  }
}

function queueOf({ isCritical }: NamedBroadcast) {
  return isCritical ? 'critical-broadcasts' : 'broadcasts'
}
