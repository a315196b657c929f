import {
  type Clock,
  channelsOfUser,
  isoTime,
  type Keys,
  type Op,
  partitionOf,
  queueKeys,
  type Store,
} from '../../src/index.ts'
import { CHANNELS } from '../deliveries/channel-policy.ts'
import { jobKey } from '../deliveries/delivery-job.ts'
import { deliveryId } from '../deliveries/notification-deliveries.ts'
import { unsentOf, withdrawal } from '../deliveries/unsent.ts'
import type { InboxService } from '../notifications/inbox-service.ts'
import type { NotificationRecord } from '../notifications/notification-record.ts'
import type { AuditLog } from '../operations/audit-log.ts'
import type { SessionService } from '../sessions/session-service.ts'
import type { Directory } from './directory.ts'
import { Erasure } from './erasure.ts'
import type { Memberships } from './memberships.ts'

interface Parts {
  readonly store: Store
  readonly keys: Keys
  readonly clock: Clock
  readonly directory: Directory
  readonly memberships: Memberships
  readonly inbox: InboxService
  readonly sessions: SessionService
  readonly audit: AuditLog
  /** Closes his connections, wherever they are. */
  readonly realtime: { terminate(user: string): void }
  /** Told of whoever was erased. */
  readonly onErased?: (user: string) => void
}

/** What is kept of a person: shown to him, or erased. */
export class PersonalData {
  readonly #parts: Parts

  constructor(parts: Parts) {
    this.#parts = parts
  }

  /** Profile, preferences, devices, sessions and every notification. `NotFound` for nobody. */
  async export(user: string) {
    const { clock, directory, sessions } = this.#parts
    const profile = await directory.find(user)
    return {
      exported_at: isoTime(clock.now()),
      profile,
      preferences: await directory.preferences(user),
      notifications: await this.#notifications(user),
      sessions: await sessions.sessionsOf(user),
    }
  }

  /** Deletes all of it, what waits to be delivered included; answers how many records that were. */
  async erase(
    user: string,
  ): Promise<{ status: 'erased'; notifications: number; sessions: number }> {
    const { store, keys, directory, memberships, sessions } = this.#parts
    const profile = await directory.find(user)
    const partition = partitionOf(user, store.partitions)
    this.#parts.realtime.terminate(user)
    const open = await sessions.sessionsOf(user)
    for (const { session_id } of open) await sessions.disconnect(user, session_id)
    const notifications = await this.#notifications(user)
    for (const record of notifications) {
      await this.#withdraw(partition, record)
      await store.commit({ partition, ops: this.#recordOps(user, record.id) })
    }
    await memberships.move(user, profile, { groups: [], roles: [] })
    const own = [
      ...[keys.inbox(user), keys.unread(user), keys.unreadCount(user), keys.profile(user)],
      ...[
        keys.preferences(user),
        keys.notificationRules(user),
        keys.contactMethods(user),
        keys.pushTokens(user),
        keys.sessions(user),
        keys.sessionSeq(user),
      ],
      ...channelsOfUser(user).flatMap((channel) => [
        keys.channelHistory(channel),
        keys.channelPosition(channel),
      ]),
    ]
    const ops = own.map((key): Op => ['del', key])
    const leave: Op[] = [
      ['zrem', keys.users(), user],
      ['srem', keys.connectedUsers(), user],
      ...directory.timeZones.moveOps(user, profile.timezone, null),
    ]
    await store.commit({ partition, ops: [...ops, ...leave] })
    await this.#parts.audit.forget(user)
    const { email, phone, slack_webhook_url, discord_webhook_url, webhook_url } = profile
    const addresses = [email, phone, slack_webhook_url, discord_webhook_url, webhook_url]
    const tokens = profile.devices.map(({ token }) => token)
    const words = [user, ...addresses, ...tokens].filter((word) => word !== null)
    await new Erasure(this.#parts).sweep(user, words)
    await store.scrub()
    this.#parts.onErased?.(user)
    return { status: 'erased', notifications: notifications.length, sessions: open.length }
  }

  /** Deliveries that nobody has taken yet must not go out any more. */
  async #withdraw(partition: number, record: NotificationRecord): Promise<void> {
    const { store, keys } = this.#parts
    for (const unsent of await unsentOf(this.#parts, record)) {
      await store.commit({ partition, guards: [withdrawal(keys, unsent)], ops: [] })
    }
  }

  #recordOps(user: string, id: string): Op[] {
    const { keys } = this.#parts
    return [
      ['discard', keys.scope, user, id],
      ...CHANNELS.flatMap((channel): Op[] => {
        const job = deliveryId(id, channel)
        return [
          ['del', jobKey(keys, channel, job)],
          ['pull', queueKeys.failed(keys.queue(channel)), job],
        ]
      }),
    ]
  }

  async #notifications(user: string) {
    const { inbox } = this.#parts
    const open = await inbox.list(user, {}, 10_000, null)
    const archived = await inbox.list(user, { archived: true }, 10_000, null)
    return [...open.data, ...archived.data]
  }
}
