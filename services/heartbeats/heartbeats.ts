import {
  type Bell,
  type Clock,
  type Context,
  type Keys,
  type Op,
  partitionOf,
  type Store,
  Turns,
  Unavailable,
} from '../../src/index.ts'
import { ruleJobOp, syncWork } from '../rules/rule-job.ts'
import { watchedKey, watchedParts } from '../rules/watched.ts'
import { type Monitor, silenceReport } from './monitor.ts'

/** What was not heard of for so long is forgotten, with its alert. */
const FORGOTTEN_MS = 30 * 86_400_000
/** How much later than need be a silence may be noticed; for that beats in quick succession cost one write. */
const SLACK_MS = 250
const UNKNOWN_AGAIN_MS = 60_000
const MOST_ATTEMPTS = 50
/** About 15 MB. */
const MOST_WRITTEN = 100_000

/** What is remembered of one thing that must be heard of. */
export interface Pulse {
  /** Whether it is silent. */
  readonly raised: boolean
  /** Until when (epoch ms) it must be heard of. */
  readonly due: number
}

/** What becomes of a pulse, with what follows; `null`: there is nothing to do. */
type Decide = (before: Pulse | null, now: number) => Change | null

interface Change {
  readonly pulse: Pulse | null
  readonly ops: Op[]
  /** Whether it is listed already, for a look that comes no later than it is due. */
  readonly isListed?: boolean
}

interface Parts {
  readonly store: Store
  readonly keys: Keys
  readonly clock: Clock
  readonly bell: Bell
}

/** Things that must be heard of, by the parameters of their topics; a silent one is an alert. */
export class Heartbeats {
  readonly #parts: Parts
  readonly #turns = new Turns()
  /** Pulses as they were written here last: a write on one that has changed since is not made. */
  readonly #written = new Map<string, string>()
  #monitors: readonly Monitor[] = []

  constructor(parts: Parts) {
    this.#parts = parts
  }

  get monitors(): readonly Monitor[] {
    return this.#monitors
  }

  use(monitors: readonly Monitor[]): void {
    this.#monitors = monitors
  }

  find(id: string): Monitor | undefined {
    return this.#monitors.find((monitor) => monitor.id === id)
  }

  /** A message came: a sign of life, or a last will. Resolves when that is stored. */
  async take(context: Context): Promise<void> {
    const { target } = context
    for (const monitor of this.#monitors) {
      const will = monitor.will?.topic.match(target)
      if (will) {
        const isGone = monitor.will!.conditions.every((holds) =>
          holds({ ...context, params: will }),
        )
        const key = watchedKey('heartbeat', monitor.id, will)
        if (isGone) await this.#gone(monitor, key, context.retained)
        else if (!context.retained) await this.#beat(monitor, key)
        continue
      }
      if (context.retained) continue
      const params = monitor.beats.match(target)
      if (params) await this.#beat(monitor, watchedKey('heartbeat', monitor.id, params))
    }
  }

  /** Which monitors a message would reach, in words. */
  explain({ target }: Context): string[] {
    return this.#monitors.flatMap(({ id, beats, will, timeout }) => {
      if (will?.topic.match(target)) return [`${id}: decides by the last will`]
      return beats.match(target) ? [`${id}: a sign of life for ${timeout / 1000} s`] : []
    })
  }

  async #beat(monitor: Monitor, key: string): Promise<void> {
    await this.#change(key, (before, now) => {
      const least = now + monitor.timeout
      const due = least + Math.min(SLACK_MS, monitor.timeout / 10)
      // Later than now can be: the clock was set back, or the time-out is a shorter one.
      const isLate = before !== null && before.due > due
      if (before !== null && !before.raised && before.due >= least && !isLate) return null
      const ops = before?.raised ? [this.#syncOp(monitor, key, now)] : []
      // The list is put right by the look at it, once in a time-out and not at each beat.
      const isListed = before !== null && !before.raised && before.due <= due
      return { pulse: { raised: false, due }, ops, isListed }
    })
  }

  /** A will that the broker kept may be older than the last sign of life: it is for who is unknown. */
  async #gone(monitor: Monitor, key: string, isKept: boolean): Promise<void> {
    await this.#change(key, (before, now) => {
      if (before?.raised || (isKept && before !== null)) return null
      return { pulse: { raised: true, due: now }, ops: [this.#syncOp(monitor, key, now)] }
    })
  }

  /**
   * Its time is over: silent, unless it was heard of meanwhile. `upSince`: nobody
   * listened before that moment (epoch ms), so silence counts from there.
   */
  async judge(key: string, upSince: number): Promise<void> {
    const monitor = this.find(watchedParts(key).name)
    if (monitor === undefined) return this.#putOff(key)
    await this.#change(key, (before, now) => {
      if (before === null || before.raised) return { pulse: before, ops: [] }
      const due = Math.max(before.due, upSince + monitor.timeout)
      if (due > now) return { pulse: { raised: false, due }, ops: [] }
      return { pulse: { raised: true, due }, ops: [this.#syncOp(monitor, key, now)] }
    })
  }

  /** Of a monitor that was deleted, or that this process does not know yet. */
  async #putOff(key: string): Promise<void> {
    const { keys, store, clock } = this.#parts
    const partition = partitionOf(key, store.partitions)
    const due = keys.heartbeatsDue()
    const text = await store.get(partition, keys.watched(key))
    const op: Op =
      text === null ? ['zrem', due, key] : ['zadd', due, clock.now() + UNKNOWN_AGAIN_MS, key]
    await store.commit({ partition, guards: [['expect', keys.watched(key), text]], ops: [op] })
  }

  /** Messages of one device are looked at in the order in which they came. */
  #change(key: string, decide: Decide): Promise<void> {
    return this.#turns.run(key, () => this.#compareAndSet(key, decide))
  }

  async #compareAndSet(key: string, decide: Decide): Promise<void> {
    const { store, keys, clock, bell } = this.#parts
    const partition = partitionOf(key, store.partitions)
    const stateKey = keys.watched(key)
    for (let attempt = 0; attempt < MOST_ATTEMPTS; attempt++) {
      const written = this.#written.get(key)
      const text = written ?? (await store.get(partition, stateKey))
      const change = decide(text === null ? null : (JSON.parse(text) as Pulse), clock.now())
      if (change === null && written === undefined) return
      this.#written.delete(key)
      if (change === null) continue
      const outcome = await store.commit({
        partition,
        guards: [['expect', stateKey, text]],
        ops: [...this.#pulseOps(key, change), ...change.ops],
      })
      if (!outcome.applied) continue
      this.#note(key, change.pulse)
      if (change.ops.length > 0) bell.ring(keys.queue('rule'))
      return
    }
    throw new Unavailable(`The heartbeat ${key} is being changed by others; try again.`)
  }

  #note(key: string, pulse: Pulse | null): void {
    if (pulse === null) return
    if (this.#written.size >= MOST_WRITTEN) this.#written.clear()
    this.#written.set(key, JSON.stringify(pulse))
  }

  #pulseOps(key: string, { pulse, isListed = false }: Change): Op[] {
    const { keys } = this.#parts
    const forget: Op = ['zrem', keys.heartbeatsDue(), key]
    if (pulse === null) return [forget]
    const kept: Op = ['set', keys.watched(key), JSON.stringify(pulse), FORGOTTEN_MS]
    if (pulse.raised) return [kept, forget]
    return isListed ? [kept] : [kept, ['zadd', keys.heartbeatsDue(), pulse.due, key]]
  }

  #syncOp(monitor: Monitor, key: string, now: number): Op {
    const { store, keys } = this.#parts
    const { values } = watchedParts(key)
    const { partitions } = store
    return ruleJobOp(keys, {
      name: [key, String(now)],
      work: syncWork(key, silenceReport(monitor, key, values)),
      partition: partitionOf(key, partitions),
      ...{ partitions, now },
    })
  }
}
