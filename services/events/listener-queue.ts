import {
  type Bell,
  type Clock,
  type Guard,
  type Keys,
  type ListenerCall,
  type ListenerJobs,
  partitionOf,
  type Store,
  Unavailable,
} from '../../src/index.ts'
import { enqueueOp, jobKey } from '../deliveries/delivery-job.ts'
import type { QueueNames } from '../deliveries/queue-names.ts'
import { type ListenerJob, listenerJob, sharedId } from './listener-job.ts'

/** How often a place is looked for among the calls of one listener that are under way. */
const MOST_TRIES = 40

interface Parts {
  readonly store: Store
  readonly keys: Keys
  readonly clock: Clock
  readonly bell: Bell
  readonly queueNames: QueueNames
}

/** Puts the calls of queued listeners into their queues: once each, however often they are pushed. */
export class ListenerQueue implements ListenerJobs {
  readonly #parts: Parts

  constructor(parts: Parts) {
    this.#parts = parts
  }

  async push(calls: readonly ListenerCall[]): Promise<void> {
    const queues = new Set(calls.map(({ terms }) => terms.queue))
    for (const queue of queues) await this.#parts.queueNames.note(queue)
    const isShared = ({ terms }: ListenerCall) =>
      terms.uniqueId !== null || terms.debounceForMs !== null
    await this.#pushAll(calls.filter((call) => !isShared(call)))
    for (const call of calls.filter(isShared)) {
      if (call.terms.debounceForMs === null) await this.#pushUnique(call)
      else await this.#pushDebounced(call, call.terms.debounceForMs)
    }
  }

  /** In one write: where the first one is there, all are. */
  async #pushAll(calls: readonly ListenerCall[]): Promise<void> {
    const [first] = calls
    if (first === undefined) return
    const { keys, clock } = this.#parts
    const now = clock.now()
    const jobs = calls.map((call) => listenerJob(call, now))
    const guard = ['expect', jobKey(keys, first.terms.queue, first.id), null] as const
    await this.#enqueue(jobs, [guard], now)
  }

  /** Not while another call with this id waits or runs. */
  async #pushUnique(call: ListenerCall): Promise<void> {
    const { clock } = this.#parts
    const now = clock.now()
    const id = sharedId(call, 0)
    const { text, job } = await this.#read(call, id)
    const isOver = job === null || job.status !== 'queued'
    const isTaken = !isOver && now - job.created_at * 1000 < call.terms.uniqueForMs
    if (isTaken) return
    const guard = ['expect', this.#key(call, id), text] as const
    await this.#enqueue([listenerJob({ ...call, id }, now)], [guard], now)
  }

  /** Takes the place of the one that waits; one that runs is followed by another. */
  async #pushDebounced(call: ListenerCall, debounceMs: number): Promise<void> {
    const { keys, clock } = this.#parts
    const now = clock.now()
    const { maxWaitMs, queue } = call.terms
    for (let attempt = 0; attempt < MOST_TRIES; attempt++) {
      // Where the first is running, one that follows it; then the next, if that runs, too.
      const id = sharedId(call, attempt % 2 === 0 ? 0 : (attempt + 1) / 2)
      const { text, job } = await this.#read(call, id)
      const waits = job?.status === 'queued'
      const since = waits ? job.created_at * 1000 : now
      const latest = maxWaitMs === null ? Number.POSITIVE_INFINITY : since + maxWaitMs
      const availableAt = Math.min(now + debounceMs, latest)
      const fresh = listenerJob({ ...call, id, availableAt }, now)
      const next = { ...fresh, created_at: since / 1000 }
      const guard: Guard = waits
        ? ['withdraw', keys.queue(queue), id]
        : ['expect', this.#key(call, id), text]
      if (await this.#enqueue([next], [guard], now)) return
    }
    throw new Unavailable(`Too many calls of ${call.listener} are under way; try again.`)
  }

  async #enqueue(
    jobs: readonly ListenerJob[],
    guards: readonly Guard[],
    now: number,
  ): Promise<boolean> {
    const { store, keys, bell } = this.#parts
    const partition = partitionOf(jobs[0]!.id, store.partitions)
    const ops = jobs.map((job) => enqueueOp(keys, job, now))
    const outcome = await store.commit({ partition, guards, ops })
    if (outcome.applied) for (const { channel } of jobs) bell.ring(keys.queue(channel))
    return outcome.applied
  }

  async #read(call: ListenerCall, id: string) {
    const { store } = this.#parts
    const text = await store.get(partitionOf(id, store.partitions), this.#key(call, id))
    return { text, job: text === null ? null : (JSON.parse(text) as ListenerJob) }
  }

  #key({ terms }: ListenerCall, id: string): string {
    return jobKey(this.#parts.keys, terms.queue, id)
  }
}
