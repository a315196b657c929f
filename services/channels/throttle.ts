import type { Clock, Logger } from '../../src/index.ts'
import type { DeliveryJob } from '../deliveries/delivery-job.ts'
import type { Merge } from './bundle.ts'
import type { Provider, SendOutcome } from './channel.ts'
import { type DestinationLimits, kindOf, type MessageKind } from './destination-limits.ts'

interface Parts<Content extends object> {
  readonly channel: string
  readonly provider: Provider<Content>
  readonly limits: DestinationLimits
  /** Where a job goes; `null`: not to one place. */
  readonly addressOf: (job: DeliveryJob<Content>) => string | null
  readonly merge: Merge<Content>
  readonly clock: Clock
  readonly log: Logger
}

/** A job that waits to hear what becomes of it. */
interface Waiting<Content extends object> {
  readonly job: DeliveryJob<Content>
  readonly resolve: (outcome: SendOutcome) => void
}

/** While the store does not count, nothing goes out: it would have to settle the job anyway. */
const STORE_AWAY_MS = 1000

/**
 * Writes to nobody more often than {@link DestinationLimits} allow, and drops
 * nothing for it: a message over the limit waits in its queue for the moment at
 * which there is room, using no try up, and those that have come to wait for the
 * same address go out as one. Each remains a delivery of its own.
 */
export class Throttle<Content extends object> implements Provider<Content> {
  readonly name: string
  readonly #parts: Parts<Content>
  /** By kind and address: jobs that arrive while the limits are being asked. */
  readonly #gathering = new Map<string, Waiting<Content>[]>()

  constructor(parts: Parts<Content>) {
    this.name = parts.provider.name
    this.#parts = parts
  }

  send(job: DeliveryJob<Content>, signal: AbortSignal): Promise<SendOutcome> {
    const address = this.#parts.addressOf(job)
    if (address === null) return this.#parts.provider.send(job, signal)
    const { promise, resolve } = Promise.withResolvers<SendOutcome>()
    const key = `${kindOf(job)} ${address}`
    const gathering = this.#gathering.get(key)
    if (gathering) gathering.push({ job, resolve })
    else {
      const waiting = [{ job, resolve }]
      this.#gathering.set(key, waiting)
      void this.#serve(key, address, waiting, signal)
    }
    return promise
  }

  async verify(): Promise<void> {
    await this.#parts.provider.verify?.()
  }

  async close(): Promise<void> {
    await this.#parts.provider.close?.()
  }

  async #serve(
    key: string,
    address: string,
    waiting: readonly Waiting<Content>[],
    signal: AbortSignal,
  ): Promise<void> {
    const kind = kindOf(waiting[0]!.job)
    const waitMs = await this.#waitMs(kind, address)
    this.#gathering.delete(key)
    if (waitMs > 0) return postpone(waiting, waitMs)
    const inOrder = waiting.toSorted((a, b) => a.job.created_at - b.job.created_at)
    const taken = await this.#sendAsOne(inOrder, signal)
    const rest = inOrder.slice(taken)
    if (rest.length > 0) postpone(rest, Math.max(1, await this.#waitMs(kind, address)))
  }

  /** How long until there is room; 0: there is, and it has been taken. */
  async #waitMs(kind: MessageKind, address: string): Promise<number> {
    const { limits, channel, clock, log } = this.#parts
    try {
      const freeAt = await limits.take(channel, kind, address)
      return freeAt === 0 ? 0 : Math.max(1, freeAt - clock.now())
    } catch (error) {
      log.warn({ err: error, channel }, 'the limits of an address could not be looked up')
      return STORE_AWAY_MS
    }
  }

  async #sendAsOne(waiting: readonly Waiting<Content>[], signal: AbortSignal): Promise<number> {
    const { provider, merge, log } = this.#parts
    const [first, ...others] = waiting.map(({ job }) => job)
    const { job, taken } = merge([first!, ...others])
    const outcome = await provider.send(job, signal).catch((error): SendOutcome => {
      log.error({ err: error, job: job.id }, `the ${provider.name} sender threw`)
      return { status: 'retry', reason: error instanceof Error ? error.message : String(error) }
    })
    const told = taken === 1 ? outcome : asBundle(outcome, provider.name, taken)
    for (const { resolve } of waiting.slice(0, taken)) resolve(told)
    return taken
  }
}

function postpone(waiting: readonly Waiting<object>[], retryAfterMs: number): void {
  const reason = 'waiting for the limit of its address'
  for (const { resolve } of waiting) resolve({ status: 'postponed', reason, retryAfterMs })
}

function asBundle(outcome: SendOutcome, provider: string, count: number): SendOutcome {
  const part = { provider, outcome: 'bundled', reason: `${count} messages went as one` }
  return { ...outcome, parts: [part, ...(outcome.parts ?? [])] }
}
