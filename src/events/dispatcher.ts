import { ClassRegistry } from '../support/class-registry.ts'
import type { Clock } from '../support/clock.ts'
import { messageOf } from '../support/errors.ts'
import { uuidv7 } from '../support/ids.ts'
import type { Logger } from '../support/logger.ts'
import type { Delay } from '../support/moments.ts'
import { type Decision, type Dispatched, type DispatchRun, runOf } from './dispatch-run.ts'
import {
  type BroadcastEvent,
  type Dispatching,
  type EventClass,
  type Happening,
  isBroadcast,
} from './event.ts'
import { nameOf } from './event-name.ts'
import { HeldEvents } from './held-events.ts'
import { declared, type Listen, listenIn, type Subscriber } from './listen.ts'
import { type Entry, throughSteps, WHOLE_EVENT } from './listener.ts'
import { callOf, freezeEvent, type ListenerCall, type ListenerJobs } from './listener-call.ts'
import { ListenerTable } from './listener-table.ts'

const LISTENER_FAILED = 'listener.failed'
export interface DispatcherParts {
  readonly clock: Clock
  readonly log: Logger
  /** `null`: queued listeners are asked at once, like the others. */
  readonly jobs?: ListenerJobs | null
  /** Tells browsers; called after the listeners. */
  readonly broadcast?: (event: BroadcastEvent) => Promise<void>
  /** What one listener's error does to the others. Default: nothing. */
  readonly onError?: 'continue' | 'throw'
  /** `parallel`: all at once; none can stop the event then. Default: `sequential`. */
  readonly mode?: 'sequential' | 'parallel'
  readonly table?: ListenerTable
}

/** Tells those who listen to an event, one after the other, each for itself. */
export class EventDispatcher implements Dispatching {
  readonly listen: Listen
  readonly classes = new ClassRegistry()
  readonly table: ListenerTable
  readonly #parts: DispatcherParts
  readonly #held = new HeldEvents()

  constructor(parts: DispatcherParts) {
    this.#parts = parts
    this.table = parts.table ?? new ListenerTable(declared)
    this.listen = listenIn(this.table)
  }

  async dispatch(event: Happening, payload?: unknown): Promise<unknown[]> {
    if (this.#held.keeps(event, payload)) return []
    const run = runOf(uuidv7(this.#parts.clock.now()), event, payload)
    await this.#perform(run, this.table.match(event, run.name))
    return run.results
  }

  /**
   * One of possibly several tries of a dispatch: listeners in `done` are left
   * out, queued ones get it once under `id`, and failures are for the caller to report.
   */
  async attempt(
    id: string,
    name: string,
    payload: unknown,
    done: readonly string[],
  ): Promise<Dispatched> {
    const run = runOf(id, name, payload, true)
    const entries = this.table.match(name, name).filter((entry) => !done.includes(entry.name))
    await this.#perform(run, entries)
    const failed = run.failures.map(({ entry }) => entry)
    const asked = entries.filter((entry) => !failed.includes(entry)).map((entry) => entry.name)
    return { results: run.results, done: [...done, ...asked], failures: run.failures }
  }

  async #perform(run: DispatchRun, entries: readonly Entry[]): Promise<void> {
    const { event } = run
    const isFirst = isBroadcast(event) && event.broadcastFirst === true
    if (isFirst) await this.#parts.broadcast?.(event)
    if (this.#parts.mode === 'parallel') {
      await Promise.all(entries.map((entry) => this.#ask(run, entry)))
    } else {
      await this.#askInTurn(run, entries)
    }
    if (run.queued.length > 0) await this.#enqueue(run)
    if (!isFirst && !run.stopped && isBroadcast(event)) await this.#parts.broadcast?.(event)
  }

  async until(event: Happening, payload?: unknown): Promise<unknown> {
    const decision = await this.#askUntil((answer) => answer !== null, event, payload)
    return decision?.answer ?? null
  }

  async vetoedBy(event: Happening, payload?: unknown): Promise<string | null> {
    const decision = await this.#askUntil((answer) => answer === false, event, payload)
    return decision && (decision.by || 'without a name')
  }

  async queue(event: Happening, delay: Delay | null = null, payload?: unknown): Promise<void> {
    const { jobs, clock } = this.#parts
    if (jobs === null || jobs === undefined) {
      await this.dispatch(event, payload)
      return
    }
    const now = clock.now()
    const frozen = freezeEvent(this.classes, event, payload)
    await jobs.push([callOf(uuidv7(now), null, frozen, { ...WHOLE_EVENT, delay }, now)])
  }

  async defer<Result>(run: () => Promise<Result>, names?: readonly string[]): Promise<Result> {
    const { result, events } = await this.#held.defer(run, names ?? null)
    for (const [event, payload] of events) await this.dispatch(event, payload)
    return result
  }

  push(event: Happening, payload?: unknown): void {
    this.#held.push(event, payload)
  }

  async flush(what: string | EventClass): Promise<void> {
    for (const [event, payload] of this.#held.take(nameOf(what)))
      await this.dispatch(event, payload)
  }

  forget(what: string | EventClass): void {
    this.table.remove(what)
    this.#held.take(nameOf(what))
  }

  hasListeners(what: string | EventClass): boolean {
    return this.table.hearsOf(what, nameOf(what))
  }

  subscribe(subscriber: Subscriber | (new () => Subscriber)): void {
    ;(typeof subscriber === 'function' ? new subscriber() : subscriber).subscribe(this)
  }

  /** Tells those who listen for it that a listener failed, and calls the listener's own `failed`. */
  async reportFailure(entry: Entry, subject: unknown, name: string, error: Error): Promise<void> {
    const { log } = this.#parts
    log.error({ err: error, listener: entry.name, event: name }, 'a listener failed')
    try {
      await entry.failed(subject, error)
    } catch (second) {
      log.error({ err: second, listener: entry.name }, 'a listener failed at handling its failure')
    }
    // A listener of failures that fails must not hear of itself.
    if (name === LISTENER_FAILED || !this.hasListeners(LISTENER_FAILED)) return
    await this.dispatch(LISTENER_FAILED, {
      ...{ listener: entry.name, event: name, message: messageOf(error) },
    })
  }

  /** One after the other, up to the first whose answer is enough. */
  async #askUntil(
    isEnough: (answer: unknown) => boolean,
    event: Happening,
    payload: unknown,
  ): Promise<Decision | null> {
    const run = runOf(uuidv7(this.#parts.clock.now()), event, payload)
    let decision: Decision | null = null
    for (const entry of this.table.match(event, run.name)) {
      const { length } = run.results
      await this.#ask(run, entry)
      const answer = run.stopped ? false : (run.results[length] ?? null)
      if (isEnough(answer)) {
        decision = { answer, by: entry.name }
        break
      }
    }
    if (run.queued.length > 0) await this.#enqueue(run)
    return decision
  }

  /** The same as asking each, without a promise more for every listener. */
  async #askInTurn(run: DispatchRun, entries: readonly Entry[]): Promise<void> {
    const { subject, name, results, queued } = run
    for (let index = 0; index < entries.length; index++) {
      const entry = entries[index]!
      const terms = entry.terms === null ? null : entry.terms(subject)
      if (terms !== null) {
        queued.push({ entry, terms })
        continue
      }
      try {
        const result = await entry.call(subject, name)
        if (result === false) {
          run.stopped = true
          return
        }
        results.push(result)
      } catch (error) {
        await this.#failed(run, entry, error)
      }
    }
  }

  async #ask(run: DispatchRun, entry: Entry): Promise<void> {
    const terms = entry.terms === null ? null : entry.terms(run.subject)
    if (terms !== null) {
      run.queued.push({ entry, terms })
      return
    }
    try {
      const result = await entry.call(run.subject, run.name)
      if (result === false) run.stopped = true
      else run.results.push(result)
    } catch (error) {
      await this.#failed(run, entry, error)
    }
  }

  async #failed(run: DispatchRun, entry: Entry, thrown: unknown): Promise<void> {
    const error = thrown instanceof Error ? thrown : new Error(messageOf(thrown))
    if (run.isAttempt) {
      run.failures.push({ entry, error })
      return
    }
    await this.reportFailure(entry, run.subject, run.name, error)
    if (this.#parts.onError === 'throw') throw error
  }

  async #enqueue(run: DispatchRun): Promise<void> {
    const { jobs, clock } = this.#parts
    if (jobs === null || jobs === undefined) {
      for (const { entry } of run.queued) await this.#askNow(run, entry)
      return
    }
    const frozen = freezeEvent(this.classes, run.event, run.payload)
    const seen = new Map<string, number>()
    const calls = run.queued.map(({ entry, terms }): ListenerCall => {
      const count = (seen.get(entry.name) ?? 0) + 1
      seen.set(entry.name, count)
      const id = `${run.id}.${entry.name}${count === 1 ? '' : `.${count}`}`
      return callOf(id, entry.name, frozen, terms, clock.now())
    })
    await jobs.push(calls)
  }

  async #askNow(run: DispatchRun, entry: Entry): Promise<void> {
    try {
      await throughSteps(entry, run.subject, run.name)
    } catch (error) {
      await this.#failed(run, entry, error)
    }
  }
}
