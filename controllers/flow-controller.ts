import { z } from 'zod'
import type { Cancellation } from '../services/deliveries/cancellation.ts'
import type { Receipts } from '../services/flows/receipts.ts'
import type { InboxService } from '../services/notifications/inbox-service.ts'
import type { NotificationActions } from '../services/notifications/notification-actions.ts'
import type { Recall, RecordUpdate } from '../services/notifications/recall.ts'
import { type Context, InvalidPayload, isoTime, NotFound } from '../src/index.ts'
import { moment } from './fields.ts'
import { self } from './inbox-api-controller.ts'
import { actionList } from './message-fields.ts'
import { momentFields, whenOf } from './moment-fields.ts'

/** What may be changed of a notification that is out; what is not given stays. */
export const UpdateBody = z.strictObject({
  title: z.string().min(1).max(200).optional(),
  message: z.string().min(1).max(4000).optional(),
  type: z.string().min(1).max(50).optional(),
  priority: z.enum(['low', 'normal', 'high', 'critical']).optional(),
  data: z.record(z.string(), z.unknown()).optional(),
  actions: actionList().optional(),
  expires_at: moment().nullable().optional(),
})

/** Exactly one of what names things that wait. */
export const CancelBody = z
  .strictObject({
    ids: z.array(z.string().min(1).max(200)).min(1).max(1000).optional(),
    tag: z.string().min(1).max(64).optional(),
    transaction_id: z.string().min(1).max(128).optional(),
  })
  .refine(
    ({ ids, tag, transaction_id }) =>
      [ids, tag, transaction_id].filter((each) => each !== undefined).length === 1,
    'say one of ids, tag and transaction_id',
  )

const { send_at, delay, at, timezone } = momentFields
export const RescheduleBody = z.strictObject({ send_at, delay, at, timezone })

export const ActionBody = z.strictObject({ text: z.string().max(4000).optional() })

type IdParam = { readonly id: string }

interface Parts {
  readonly cancellation: Cancellation
  readonly recall: Recall
  readonly inbox: InboxService
  readonly actions: NotificationActions
  readonly ackReceipts: Receipts
}

/** What can still be done about messages that were accepted: changed, put off, taken back, acted upon. */
export class FlowController {
  readonly #parts: Parts

  constructor(parts: Parts) {
    this.#parts = parts
  }

  update = async (context: Context<IdParam, z.output<typeof UpdateBody>>) => {
    const { expires_at, ...changes } = context.payload
    const expires = expires_at == null ? expires_at : isoTime(expires_at)
    const given = { ...changes, expires_at: expires }
    const named = Object.entries(given).filter(([, value]) => value !== undefined)
    return this.#parts.recall.update(context.params.id, Object.fromEntries(named) as RecordUpdate)
  }

  cancel = async ({ payload }: Context<unknown, z.output<typeof CancelBody>>) => {
    const { cancellation } = this.#parts
    const { ids, tag, transaction_id } = payload
    if (ids === undefined) {
      return cancellation.cancelAll(
        tag === undefined ? `transaction:${transaction_id}` : `tag:${tag}`,
      )
    }
    const count = { canceled: 0, already_sent: 0, not_found: 0 }
    const states = ids.map((id) => cancellation.cancel(id).catch(notFoundAsState))
    for (const { status } of await Promise.all(states)) count[status] += 1
    return count
  }

  cancelTransaction = async ({ params }: Context<IdParam>) =>
    this.#parts.cancellation.cancelAll(`transaction:${params.id}`)

  reschedule = async (context: Context<IdParam, z.output<typeof RescheduleBody>>) => {
    const { sendAt } = whenOf(
      { ...context.payload, send_in_user_timezone: false },
      context.receivedAt,
    )
    if (sendAt === null) {
      const issue = { path: 'send_at', message: 'say send_at, delay, or at with timezone' }
      throw new InvalidPayload(issue.message, [issue])
    }
    return this.#parts.cancellation.reschedule(context.params.id, sendAt)
  }

  act = async (
    context: Context<{ readonly id: string; readonly n: string }, z.output<typeof ActionBody>>,
  ) => {
    const { id, n } = context.params
    const index = /^\d$/.test(n) ? Number(n) : -1
    return this.#parts.actions.perform(self(context), id, {
      index,
      text: context.payload?.text ?? null,
    })
  }

  receipt = async ({ params: { id } }: Context<IdParam>) => {
    const { ackReceipts, inbox } = this.#parts
    const record = await inbox.findAny(id)
    if (record?.require_ack === undefined) return ackReceipts.find(id)
    const ends = Date.parse(record.created_at) + record.require_ack.expire * 1000
    return {
      ...{ id, created_at: record.created_at, expires_at: isoTime(ends), broadcast_id: null },
      cancel_on: record.require_ack.cancel_on,
      recipients: [{ user_id: record.user_id, notification_id: id }],
      status: record.acked_at === undefined ? 'waiting' : 'acknowledged',
      acknowledged_by: record.acked_at === undefined ? [] : [record.user_id],
    }
  }
}

function notFoundAsState(error: unknown): { readonly status: 'not_found' } {
  if (error instanceof NotFound) return { status: 'not_found' }
  throw error
}
