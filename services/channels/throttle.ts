import type { Clock, Logger } from '../../src/index.ts'
import type { DeliveryJob } from '../deliveries/delivery-job.ts'
import type { Merge } from './bundle.ts'
import type { Provider, SendOutcome } from './channel.ts'
import { type DestinationLimits, KINDS, kindOf, type MessageKind } from './destination-limits.ts'

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
  readonly kind: MessageKind
  /** The first of its source: before other alerts. */
  readonly isFirst: boolean
  readonly resolve: (outcome: SendOutcome) => void
}

/** While the store does not count, nothing goes out: it would have to settle the job anyway. */
const STORE_AWAY_MS = 1000

/**
 * Writes to nobody more often than {@link DestinationLimits} allow, and drops
 * nothing for it: a message over the limit waits in its queue for the moment at
 * which there is room, using no try up, and those that have come to wait for the
 * same address go out as one. Each remains a delivery of its own. Of what waits,
 * codes come before tests, those before alerts, the first alert of a source
 * before others, news of alerts next, then the rest.
 */
export class Throttle<Content extends object> implements Provider<Content> {
  readonly name: string
  readonly #parts: Parts<Content>
  /** By address: jobs that arrive while it is being asked whether there is room. */
  readonly #gathering = new Map<string, Waiting<Content>[]>()

  constructor(parts: Parts<Content>) {
    this.name = parts.provider.name
    this.#parts = parts
  }

  async send(job: DeliveryJob<Content>, signal: AbortSignal): Promise<SendOutcome> {
    const address = this.#parts.addressOf(job)
    if (address === null) return this.#parts.provider.send(job, signal)
    const isFirst = await this.#isFirst(job, address)
    const { promise, resolve } = Promise.withResolvers<SendOutcome>()
    const waiting = { job, kind: kindOf(job), isFirst, resolve }
    const gathering = this.#gathering.get(address)
    if (gathering) gathering.push(waiting)
    else {
      this.#gathering.set(address, [waiting])
      void this.#serve(address, signal)
    }
    return promise
  }

  async verify(): Promise<void> {
    await this.#parts.provider.verify?.()
  }

  async close(): Promise<void> {
    await this.#parts.provider.close?.()
  }

  /** Places are taken in the order of the kinds, so that the last one goes to the first of them. */
  async #serve(address: string, signal: AbortSignal): Promise<void> {
    const { limits, channel } = this.#parts
    const waitMs = await this.#wait(() => limits.fullUntil(channel, address))
    const waiting = this.#gathering.get(address) ?? []
    this.#gathering.delete(address)
    if (waitMs > 0) return postpone(waiting, waitMs)
    const inOrder = waiting.toSorted(
      (a, b) => rankOf(a) - rankOf(b) || a.job.created_at - b.job.created_at,
    )
    for (const kind of KINDS) {
      const same = inOrder.filter((one) => one.kind === kind)
      if (same.length > 0) await this.#serveKind(kind, { address, waiting: same, signal })
    }
  }

  async #serveKind(
    kind: MessageKind,
    { address, waiting, signal }: Serving<Content>,
  ): Promise<void> {
    const { limits, channel } = this.#parts
    for (let rest = waiting; rest.length > 0; ) {
      const waitMs = await this.#wait(() => limits.take(channel, kind, address))
      if (waitMs > 0) return postpone(rest, waitMs)
      rest = rest.slice(this.#sendAsOne({ address, waiting: rest, signal }))
    }
  }

  /** Milliseconds until a moment that the limits name; 0: now. */
  async #wait(ask: () => Promise<number>): Promise<number> {
    const { channel, clock, log } = this.#parts
    try {
      const freeAt = await ask()
      return freeAt === 0 ? 0 : Math.max(1, freeAt - clock.now())
    } catch (error) {
      log.warn({ err: error, channel }, 'the limits of an address could not be looked up')
      return STORE_AWAY_MS
    }
  }

  /** Begins to send as many as fit into one; answers with how many. */
  #sendAsOne({ address, waiting, signal }: Serving<Content>): number {
    const { provider, merge, log } = this.#parts
    const [first, ...others] = waiting.map(({ job }) => job)
    const { job, taken } = merge([first!, ...others])
    const sent = waiting.slice(0, taken)
    const failed = (error: unknown): SendOutcome => {
      log.error({ err: error, job: job.id }, `the ${provider.name} sender threw`)
      return { status: 'retry', reason: error instanceof Error ? error.message : String(error) }
    }
    void provider
      .send(job, signal)
      .catch(failed)
      .then(async (outcome) => {
        if (outcome.status === 'sent') await this.#noteSources(sent, address)
        const told = taken === 1 ? outcome : asBundle(outcome, provider.name, taken)
        for (const { resolve } of sent) resolve(told)
      })
    return taken
  }

  async #isFirst(job: DeliveryJob<Content>, destination: string): Promise<boolean> {
    const { limits, channel } = this.#parts
    const source = sourceOf(job)
    if (source === null) return false
    return limits.isFirst(channel, { destination, source }).catch(() => false)
  }

  async #noteSources(sent: readonly Waiting<Content>[], destination: string): Promise<void> {
    const { limits, channel, log } = this.#parts
    const sources = new Set(sent.flatMap(({ job, isFirst }) => (isFirst ? sourceOf(job)! : [])))
    const noted = [...sources].map((source) =>
      limits.isFirst(channel, { destination, source, tell: true }),
    )
    await Promise.all(noted).catch((error) =>
      log.debug({ err: error }, 'it was not noted of which source an address heard'),
    )
  }
}

interface Serving<Content extends object> {
  readonly address: string
  readonly waiting: readonly Waiting<Content>[]
  readonly signal: AbortSignal
}

type Ranked = Pick<Waiting<object>, 'kind' | 'isFirst'>

/** Half a place before the other alerts: the first of a source. */
function rankOf({ kind, isFirst }: Ranked): number {
  return 2 * KINDS.indexOf(kind) - (isFirst ? 1 : 0)
}

/** Of which source an alert is; `null`: it is no alert, or names none. */
function sourceOf(job: DeliveryJob<object>): string | null {
  const { alert_source: source } = job as { readonly alert_source?: unknown }
  return typeof source === 'string' && kindOf(job) === 'alert' ? source : null
}

/** Those of higher rank become due some milliseconds sooner, and so are taken from the queue first. */
function postpone(waiting: readonly Waiting<object>[], waitMs: number): void {
  const reason = 'waiting for the limit of its address'
  for (const one of waiting) {
    one.resolve({ status: 'postponed', reason, retryAfterMs: waitMs + rankOf(one) })
  }
}

function asBundle(outcome: SendOutcome, provider: string, count: number): SendOutcome {
  const part = { provider, outcome: 'bundled', reason: `${count} messages went as one` }
  return { ...outcome, parts: [part, ...(outcome.parts ?? [])] }
}
