import { z } from 'zod'
import { UNMET } from '../services/deliveries/channel-policy.ts'
import { deliveryId, IMMEDIATE } from '../services/deliveries/notification-deliveries.ts'
import type { QueueAdmin } from '../services/deliveries/queue-admin.ts'
import { followUpId } from '../services/flows/follow-up-jobs.ts'
import type { Traces } from '../services/flows/traces.ts'
import type { InboxService } from '../services/notifications/inbox-service.ts'
import type { NotificationRecord } from '../services/notifications/notification-record.ts'
import { daysBetween, type Report, type Statistics } from '../services/statistics/statistics.ts'
import { allows, type Clock, type Context, Forbidden, isoTime, NotFound } from '../src/index.ts'
import { self } from './inbox-api-controller.ts'

const Day = z.iso.date('must be a day such as 2026-11-28')
const MOST_DAYS = 92

/** Which days are counted, the last thirty where nobody says. */
export const StatsQuery = z
  .object({
    from: Day.optional(),
    to: Day.optional(),
    type: z.string().max(50).optional(),
    channel: z.string().max(50).optional(),
  })
  .refine(({ from, to }) => !from || !to || daysBetween(from, to).length <= MOST_DAYS, {
    path: ['from'],
    message: `at most ${MOST_DAYS} days`,
  })

type IdParam = { readonly id: string }

interface Parts {
  readonly inbox: InboxService
  readonly queues: QueueAdmin
  readonly traces: Traces
  readonly statistics: Statistics
  readonly clock: Clock
  readonly overview: () => Promise<object>
}

/** Why somebody was, or was not, told; and how often that happened. */
export class TraceController {
  readonly #parts: Parts

  constructor(parts: Parts) {
    this.#parts = parts
  }

  /** Every channel of a notification: what became of it, or why it was left out. */
  trace = async (context: Context<IdParam>) => {
    const { id } = context.params
    const { inbox, traces } = this.#parts
    const [record, aside] = await Promise.all([inbox.findAny(id), traces.find(id)])
    if (record !== null) {
      assertMayLook(context, record.user_id)
      return this.#traceOf(record)
    }
    if (aside === null) throw new NotFound(`There is no notification ${id}.`)
    assertMayLook(context, aside.user_id)
    const { user_id, created_at, status, reason, into, detail } = aside
    return {
      ...{ notification_id: id, user_id, created_at, read_at: null, status, reason },
      ...(into === undefined ? {} : { into }),
      ...(detail === undefined ? {} : { detail }),
      deliveries: [],
    }
  }

  /**
   * How much there is in the caller's inbox; for those who operate, of everything,
   * and what became of notifications, day by day.
   */
  stats = async (context: Context) => {
    const { inbox, overview } = this.#parts
    const own = await inbox.stats(self(context))
    if (context.principal === null || !allows(context.principal, 'operate')) return own
    const [now, notifications] = await Promise.all([overview(), this.#report(context)])
    return { ...own, ...now, notifications }
  }

  async #report(context: Context): Promise<Report> {
    const { statistics, clock } = this.#parts
    const { from, to, type, channel } = context.query as z.output<typeof StatsQuery>
    const today = isoTime(clock.now()).slice(0, 10)
    const monthAgo = isoTime(clock.now() - 29 * 86_400_000).slice(0, 10)
    return statistics.report({ from: from ?? monthAgo, to: to ?? today, type, channel })
  }

  async #traceOf(record: NotificationRecord) {
    const deliveries = await Promise.all(
      record.channels.map(async (channel) => {
        if (IMMEDIATE.includes(channel)) return { channel, status: 'sent', attempts: [] }
        return { channel, ...(await this.#job(deliveryId(record.id, channel))) }
      }),
    )
    const skipped = Object.entries(record.skipped).map(([channel, reason]) => ({
      ...{ channel, status: 'skipped', ...whyOf(reason) },
    }))
    const held = Object.entries(record.held ?? {}).map(([channel, until]) => ({
      ...{ channel, reason: 'quiet_hours', until },
    }))
    const { id, user_id, created_at, read_at, seen_at, version, source } = record
    const { delivered_at, acked_at } = record
    return {
      ...{ notification_id: id, user_id, created_at, read_at, seen_at, version, status: 'sent' },
      ...(source === undefined ? {} : { source }),
      ...(delivered_at === undefined ? {} : { delivered_at }),
      ...(acked_at === undefined ? {} : { acked_at }),
      deliveries: [...deliveries, ...skipped],
      ...(held.length === 0 ? {} : { held }),
      ...(record.fallback ? { fallback: await this.#followUp(record, 'fallback') } : {}),
      ...(record.require_ack ? { reminders: await this.#followUp(record, 'reminder') } : {}),
    }
  }

  async #job(id: string) {
    const job = await this.#parts.queues.delivery(id).catch(() => null)
    const { status = 'unknown', history = [] } = job ?? {}
    const reason = status === 'skipped' ? history.at(-1)?.reason : undefined
    return { status, ...(reason === undefined ? {} : { reason }), attempts: history }
  }

  /** `done`: it has been looked at, and nothing more of it waits. */
  async #followUp(record: NotificationRecord, kind: string) {
    const id = followUpId(record.id, kind)
    const found = await this.#parts.queues.delivery(id).catch(() => null)
    if (found === null) return { status: 'done' }
    return { status: 'waiting', at: isoTime(found.send_at * 1000) }
  }
}

/** The word for machines, and which condition it was. */
function whyOf(reason: string) {
  if (!reason.startsWith(UNMET)) return { reason }
  return { reason: 'condition', detail: reason.slice(UNMET.length) }
}

function assertMayLook(context: Context<IdParam>, owner: string): void {
  if (owner === self(context) || context.principal?.scopes.includes('admin')) return
  throw new Forbidden("Somebody else's notification takes the scope admin.")
}
