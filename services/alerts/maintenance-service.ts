import { type Clock, isoTime, type Keys, type Op, type Store } from '../../src/index.ts'
import type { Announcing } from '../broadcasts/announcements.ts'
import type { Silence } from '../noise/silence.ts'
import { expired } from '../noise/silences.ts'
import { wakeOp } from '../noise/wake.ts'
import type { Acceptance, Identity } from '../notifications/acceptance.ts'
import { mintId } from '../notifications/mint-id.ts'
import type { Documents } from './documents.ts'

export interface MaintenanceNotice {
  readonly type: 'scheduled' | 'started' | 'completed'
  /** Epoch ms; `null`: now. */
  readonly startsAt: number | null
  readonly durationMinutes: number
  readonly services: readonly string[]
  readonly message: string | null
}

export interface Maintenance {
  readonly id: string
  readonly type: MaintenanceNotice['type']
  readonly starts_at: string
  readonly ends_at: string
  readonly duration_minutes: number
  readonly services: readonly string[]
  readonly message: string | null
  readonly created_at: string
}

interface Parts {
  readonly store: Store
  readonly keys: Keys
  readonly clock: Clock
  readonly acceptance: Acceptance
  readonly silences: Documents<Silence>
  readonly announcements: Announcing
}

const DAY_MS = 86_400_000

/** Announced maintenance: everybody who listens hears of it, and a silence keeps its services quiet. */
export class MaintenanceService {
  readonly #parts: Parts

  constructor(parts: Parts) {
    this.#parts = parts
  }

  /** The announcement, its silence, and the end of those that are completed: one write. */
  async announce(
    notice: MaintenanceNotice,
    identity: Identity,
  ): Promise<{ status: 'maintenance_announced'; maintenance_id: string }> {
    const { keys, clock, acceptance, announcements, store, silences } = this.#parts
    const now = clock.now()
    const maintenance = makeMaintenance(
      mintId(identity, { scope: keys.scope, partitions: store.partitions, now }),
      notice,
      now,
    )
    const news = {
      ...{ channel: 'system-maintenance', event: `maintenance.${notice.type}`, data: maintenance },
    }
    const key = keys.maintenance(maintenance.id)
    const lasts = Math.max(0, Date.parse(maintenance.ends_at) - now) + DAY_MS
    const accepted = await acceptance.accept({
      partition: silences.partition,
      identity,
      creates: key,
      ops: [
        ['set', key, JSON.stringify(maintenance), lasts],
        ...(notice.type === 'completed'
          ? await this.#endOps(notice.services, now)
          : this.#silenceOps(maintenance)),
        ...announcements.opsOf(news, silences.partition),
      ],
      reply: { status: 'maintenance_announced' as const, maintenance_id: maintenance.id },
    })
    if (accepted.status === 'fresh') announcements.tell(news)
    return accepted.status === 'conflict'
      ? { status: 'maintenance_announced', maintenance_id: maintenance.id }
      : accepted.reply
  }

  #silenceOps(maintenance: Maintenance): Op[] {
    // Without services nothing is affected, so that nothing is to be silent.
    if (maintenance.services.length === 0) return []
    return this.#parts.silences.writeOps(silenceOf(maintenance))
  }

  /** What was announced for these services, or for any when none is named, is over. */
  async #endOps(services: readonly string[], now: number): Promise<Op[]> {
    const { silences, keys, store } = this.#parts
    const { partition } = silences
    const lasting = (await silences.list()).filter(
      ({ maintenance, ends_at, affected_systems: own }) =>
        maintenance &&
        Date.parse(ends_at ?? '') > now &&
        (services.length === 0 || own.some((service) => services.includes(service))),
    )
    return [
      ...lasting.flatMap((silence) => silences.writeOps(expired(silence, now))),
      wakeOp(keys, { now, partition, partitions: store.partitions }),
    ]
  }
}

function silenceOf({
  id,
  starts_at,
  ends_at,
  services,
  message,
  created_at,
}: Maintenance): Silence {
  return {
    ...{ id, starts_at, ends_at, created_at, matchers: [], affected_systems: services },
    ...{ recurrence: null, expire_on_resolve: false, notify_on_end: true, replaces: null },
    ...{
      maintenance: true,
      created_by: 'maintenance',
      comment: message ?? 'announced maintenance',
    },
  }
}

function makeMaintenance(id: string, notice: MaintenanceNotice, now: number): Maintenance {
  const startsAt = notice.startsAt ?? now
  return {
    id,
    type: notice.type,
    starts_at: isoTime(startsAt),
    ends_at: isoTime(
      notice.type === 'completed' ? now : startsAt + notice.durationMinutes * 60_000,
    ),
    duration_minutes: notice.durationMinutes,
    services: notice.services,
    message: notice.message,
    created_at: isoTime(now),
  }
}
