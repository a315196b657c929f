import { z } from 'zod'
import type { Outbox } from '../services/deliveries/outbox.ts'
import type { QueueAdmin } from '../services/deliveries/queue-admin.ts'
import { shownDelivery } from '../services/deliveries/shown-delivery.ts'
import type { EventLog } from '../services/events/event-log.ts'
import type { DeadLetters } from '../services/operations/dead-letters.ts'
import type { StatusService } from '../services/operations/status-service.ts'
import { Conflict, type Context, type Principal } from '../src/index.ts'

export const ListQuery = z.object({
  cursor: z.string().max(300).nullish(),
  limit: z.coerce.number().int().min(1).max(100).default(15),
  channel: z.string().max(50).optional(),
  type: z.string().max(128).optional(),
})

/** One job by id, or all of them. */
export const JobBody = z
  .object({ id: z.string().max(200).optional(), all: z.boolean().optional() })
  .refine(({ id, all }) => id !== undefined || all === true, 'say id, or all: true')

type NameParam = { readonly name: string }
type IdParam = { readonly id: string }

interface Parts {
  readonly queues: QueueAdmin
  readonly deadLetters: DeadLetters
  readonly outbox: Outbox
  readonly events: EventLog
  readonly status: StatusService
  /** Sends a refused message through the pipeline again. */
  readonly replay: (message: {
    topic: string
    payload: Buffer
    principal: Principal | null
  }) => Promise<string>
}

/** What operators look at and put right. */
export class OperationsController {
  readonly #parts: Parts

  constructor(parts: Parts) {
    this.#parts = parts
  }

  queues = async () => ({ data: await this.#parts.queues.list(), next_cursor: null })

  failed = async ({ params, query }: Context<NameParam>) => {
    const { limit } = query as z.output<typeof ListQuery>
    const jobs = await this.#parts.queues.failed(params.name, limit)
    return { data: jobs.map(shownDelivery), next_cursor: null }
  }

  retry = async ({ params, payload }: Context<NameParam, z.output<typeof JobBody>>) => {
    const { queues } = this.#parts
    if (payload.id === undefined) return { retried: await queues.retryAll(params.name) }
    await queues.retry(params.name, payload.id)
    return { retried: 1 }
  }

  forget = async ({ params, payload }: Context<NameParam, z.output<typeof JobBody>>) => {
    const { queues } = this.#parts
    if (payload.id === undefined) return { forgotten: await queues.flush(params.name) }
    await queues.forget(params.name, payload.id)
    return { forgotten: 1 }
  }

  flush = async ({ params }: Context<NameParam>) => ({
    forgotten: await this.#parts.queues.flush(params.name),
  })

  pause = async ({ params }: Context<NameParam>) => {
    await this.#parts.queues.pause(params.name, true)
    return { status: 'paused' }
  }

  resume = async ({ params }: Context<NameParam>) => {
    await this.#parts.queues.pause(params.name, false)
    return { status: 'resumed' }
  }

  delivery = async ({ params }: Context<IdParam>) =>
    shownDelivery(await this.#parts.queues.delivery(params.id))

  deadLetters = async ({ query }: Context) => {
    const { limit, cursor } = query as z.output<typeof ListQuery>
    return this.#parts.deadLetters.list(limit, cursor ?? null)
  }

  deadLetter = async ({ params }: Context<IdParam>) => this.#parts.deadLetters.find(params.id)

  replayDeadLetter = async ({ params, principal }: Context<IdParam>) => {
    const { deadLetters, replay } = this.#parts
    const letter = await deadLetters.find(params.id)
    const payload = Buffer.from(letter.payload, letter.binary ? 'base64' : 'utf8')
    if (payload.length < letter.bytes) {
      throw new Conflict(`Only the first ${payload.length} of ${letter.bytes} bytes were kept.`)
    }
    const status = await replay({ topic: letter.topic, payload, principal })
    await deadLetters.remove(letter)
    return { status, topic: letter.topic }
  }

  flushDeadLetters = async () => ({ forgotten: await this.#parts.deadLetters.flush() })

  outboxList = async ({ query }: Context) => {
    const { limit, cursor, channel } = query as z.output<typeof ListQuery>
    return this.#parts.outbox.list({ limit, cursor: cursor ?? null, channel: channel ?? null })
  }

  outboxMessage = async ({ params }: Context<IdParam>) => this.#parts.outbox.find(params.id)

  events = async ({ query }: Context) => {
    const { limit, type } = query as z.output<typeof ListQuery>
    return { data: await this.#parts.events.list(limit, type ?? null), next_cursor: null }
  }

  event = async ({ params }: Context<IdParam>) => this.#parts.events.find(params.id)

  systemStatus = async () => ({ data: await this.#parts.status.list(), next_cursor: null })
}
