import { type Clock, isoTime, type Keys, partitionOf, type Store } from '../../src/index.ts'
import type { Acceptance, Identity } from '../notifications/acceptance.ts'
import { mintId } from '../notifications/mint-id.ts'

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
  /** Sends an event on a broadcast channel. */
  readonly broadcast: (channel: string, event: string, data: object) => void
  /** Told when a maintenance was completed: what it silenced need not wait any more. */
  readonly onCompleted: () => void
}

/** Announced maintenance: everybody who listens hears of it, and its services raise no noise. */
export class MaintenanceService {
  readonly #parts: Parts

  constructor(parts: Parts) {
    this.#parts = parts
  }

  async announce(
    notice: MaintenanceNotice,
    identity: Identity,
  ): Promise<{ status: 'maintenance_announced'; maintenance_id: string }> {
    const { keys, clock, acceptance, broadcast, store } = this.#parts
    const now = clock.now()
    const maintenance = makeMaintenance(
      mintId(identity, { scope: keys.scope, partitions: store.partitions, now }),
      notice,
      now,
    )
    const completed = notice.type === 'completed' ? await this.#lastingFor(notice.services) : []
    const over = [...completed.map(({ id }) => id), ...(await this.#over())]
    const endsAt = Date.parse(maintenance.ends_at)
    const lasts = endsAt - now + 86_400_000
    const accepted = await acceptance.accept({
      partition: this.#partition(),
      identity,
      creates: keys.maintenance(maintenance.id),
      ops: [
        ['set', keys.maintenance(maintenance.id), JSON.stringify(maintenance), Math.max(lasts, 1)],
        ...over.map((id) => ['zrem', keys.maintenances(), id] as const),
        ...(notice.type === 'completed'
          ? []
          : [['zadd', keys.maintenances(), endsAt, maintenance.id] as const]),
      ],
      reply: { status: 'maintenance_announced' as const, maintenance_id: maintenance.id },
    })
    if (accepted.status === 'fresh') {
      broadcast('system-maintenance', `maintenance.${notice.type}`, maintenance)
      if (notice.type === 'completed') this.#parts.onCompleted()
    }
    return accepted.status === 'conflict'
      ? { status: 'maintenance_announced', maintenance_id: maintenance.id }
      : accepted.reply
  }

  /** The maintenance that is going on now for one of these systems, if there is one. */
  async silencing(systems: readonly string[]): Promise<{ id: string; endsAt: number } | null> {
    if (systems.length === 0) return null
    const now = this.#parts.clock.now()
    const lasting = await this.#lasting()
    const found = lasting.find(
      ({ services, starts_at }) =>
        Date.parse(starts_at) <= now && services.some((service) => systems.includes(service)),
    )
    return found ? { id: found.id, endsAt: Date.parse(found.ends_at) } : null
  }

  async #lastingFor(services: readonly string[]): Promise<Maintenance[]> {
    const lasting = await this.#lasting()
    const wanted = (one: Maintenance) => one.services.some((service) => services.includes(service))
    return services.length === 0 ? lasting : lasting.filter(wanted)
  }

  /** Those whose time is over are forgotten with the next announcement. */
  async #over(): Promise<string[]> {
    const { store, keys, clock } = this.#parts
    const key = keys.maintenances()
    const ended = await store.rangeByScore(this.#partition(), key, 0, clock.now(), 100)
    return ended.map(({ member }) => member)
  }

  /** Whatever has not ended, begun or not. */
  async #lasting(): Promise<Maintenance[]> {
    const { store, keys, clock } = this.#parts
    const now = clock.now()
    const partition = this.#partition()
    const open = await store.rangeByScore(partition, keys.maintenances(), now + 1, Infinity, 100)
    if (open.length === 0) return []
    const texts = await store.getMany(
      partition,
      open.map(({ member }) => keys.maintenance(member)),
    )
    return texts.flatMap((text) => (text === null ? [] : [JSON.parse(text) as Maintenance]))
  }

  #partition(): number {
    return partitionOf('maintenance', this.#parts.store.partitions)
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
