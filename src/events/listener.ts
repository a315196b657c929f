import { type JobStep, through } from '../queue/job-step.ts'
import type { Delay } from '../support/moments.ts'

/** In which order listeners are asked; any other number will do as well. */
export const EventPriority = { HIGHEST: 100, HIGH: 50, NORMAL: 0, LOW: -50, LOWEST: -100 } as const

type MaybePromise<Value> = Value | Promise<Value>

/** What a step around a queued call sees. */
export interface ListenerContext<E = unknown> {
  readonly event: E
  /** The event's name. */
  readonly name: string
  readonly listener: string
}

/** A step around the call of a queued listener. */
export type ListenerMiddleware<E = unknown> = JobStep<ListenerContext<E>>

/** How a listener is asked. Durations in seconds. */
export interface ListenerOptions<E = unknown> {
  /** Higher ones first. Default: 0. */
  readonly priority?: number
  /** Asked by a worker, from this queue (`true`: the common one); survives a crash. */
  readonly queue?: string | boolean
  /** What its jobs call it. Default: the name of the function. */
  readonly name?: string
  readonly delay?: Delay | ((event: E) => Delay | null)
  readonly tries?: number
  /** How often it may throw. Default: as often as it is tried. */
  readonly maxExceptions?: number
  /** Until when it is tried, however often. */
  readonly retryUntil?: (event: E) => Date
  readonly backoff?: number | readonly number[]
  readonly timeout?: number
  /** Steps around a queued call, in the worker. */
  readonly middleware?: readonly ListenerMiddleware<E>[]
  /** While one call with this id waits or runs, no other is queued. */
  readonly uniqueId?: (event: E) => string
  /** For how long an id stays taken at most. Default: an hour. */
  readonly uniqueFor?: number
  /** Of calls that follow each other within so many seconds only the last is made. */
  readonly debounceFor?: number
  /** It is made after so many seconds at the latest, however many follow. */
  readonly maxWait?: number
}

/** A listener of its own class: what it needs it gets in its constructor. */
export abstract class EventListener<E = unknown> {
  declare priority?: number
  /** Whether a worker asks it; may depend on the event. */
  declare shouldQueue?: boolean | ((event: E) => boolean)
  declare queueName?: string
  declare tries?: number
  declare maxExceptions?: number
  declare timeout?: number
  declare uniqueFor?: number
  declare debounceFor?: number
  declare maxWait?: number

  /** Answering `false` stops the event, where the listener is not queued. */
  abstract handle(event: E, name: string): MaybePromise<unknown>
  /** Once, when no further try follows. */
  failed?(event: E, error: Error): MaybePromise<void>
  backoff?(): number | readonly number[]
  retryUntil?(event: E): Date
  middleware?(event: E): readonly ListenerMiddleware<E>[]
  withDelay?(event: E): Delay | null
  viaQueue?(event: E): string
  uniqueId?(event: E): string
}

/** What a queued call is made of. Milliseconds. */
export interface QueueTerms {
  readonly queue: string
  readonly delay: Delay | null
  readonly tries: number
  /** Between tries; the last one stays; none: longer and longer, by chance. */
  readonly backoffMs: readonly number[]
  readonly timeoutMs: number | null
  readonly maxExceptions: number | null
  /** Epoch milliseconds. */
  readonly retryUntil: number | null
  readonly uniqueId: string | null
  readonly uniqueForMs: number
  readonly debounceForMs: number | null
  readonly maxWaitMs: number | null
}

/** On what terms a whole event is put off. */
export const WHOLE_EVENT: QueueTerms = {
  ...{ queue: 'listener', delay: null, tries: 3, backoffMs: [], timeoutMs: null },
  ...{ maxExceptions: null, retryUntil: null },
  ...{ uniqueId: null, uniqueForMs: 0, debounceForMs: null, maxWaitMs: null },
}

/** A listener as the dispatcher knows it. */
export interface Entry {
  readonly name: string
  readonly priority: number
  call(event: unknown, name: string): unknown
  failed(event: unknown, error: Error): MaybePromise<void>
  /** Around a queued call. */
  steps(event: unknown): readonly ListenerMiddleware[]
  /** `null`, or answers with it: the listener is asked at once. */
  readonly terms: ((event: unknown) => QueueTerms | null) | null
}

const COMMON_QUEUE = 'listener'
const TRIES = 3
const HOUR_S = 3600

/** A function as a listener. Throws when it is to be queued and has no name. */
export function entryOfFunction<E>(
  run: (event: E, name: string) => unknown,
  options: ListenerOptions<E>,
  onFailed: () => ((event: E, error: Error) => MaybePromise<void>) | null,
): Entry {
  const { queue, priority = 0, delay = null, tries = TRIES } = options
  const name = options.name ?? run.name
  const isQueued = queue !== undefined && queue !== false
  if (isQueued && name === '') {
    throw new Error('A queued listener needs a name: jobs find it by that.')
  }
  const { backoff = [], timeout, uniqueId, uniqueFor = HOUR_S, debounceFor, maxWait } = options
  const { maxExceptions = null, middleware = [] } = options
  const fixed = {
    queue: typeof queue === 'string' ? queue : COMMON_QUEUE,
    ...{ tries, backoffMs: milliseconds(backoff), timeoutMs: msOrNull(timeout) },
    ...{ uniqueForMs: uniqueFor * 1000, debounceForMs: msOrNull(debounceFor) },
    ...{ maxWaitMs: msOrNull(maxWait), maxExceptions },
  }
  return {
    ...{ name, priority },
    call: run as Entry['call'],
    failed: (event, error) => onFailed()?.(event as E, error),
    steps: () => middleware as readonly ListenerMiddleware[],
    terms: isQueued ? (event) => termsFor(event as E) : null,
  }

  function termsFor(event: E): QueueTerms {
    const wait = typeof delay === 'function' ? delay(event) : delay
    const retryUntil = options.retryUntil?.(event).getTime() ?? null
    return { ...fixed, delay: wait, retryUntil, uniqueId: uniqueId?.(event) ?? null }
  }
}

/** An object of a listener's class as a listener. */
export function entryOfListener(listener: EventListener, options: ListenerOptions): Entry {
  const name = options.name ?? listener.constructor.name
  return {
    name,
    priority: options.priority ?? listener.priority ?? 0,
    call: (event, eventName) => listener.handle(event, eventName),
    failed: (event, error) => listener.failed?.(event, error),
    steps: (event) => listener.middleware?.(event) ?? options.middleware ?? [],
    terms(event) {
      if (!isQueued(listener, options, event)) return null
      const { tries = options.tries ?? TRIES, uniqueFor = options.uniqueFor ?? HOUR_S } = listener
      const named = typeof options.queue === 'string' ? options.queue : undefined
      const delay = typeof options.delay === 'function' ? options.delay(event) : options.delay
      return {
        queue: listener.viaQueue?.(event) ?? listener.queueName ?? named ?? COMMON_QUEUE,
        delay: listener.withDelay?.(event) ?? delay ?? null,
        tries,
        backoffMs: milliseconds(listener.backoff?.() ?? options.backoff ?? []),
        timeoutMs: msOrNull(listener.timeout ?? options.timeout),
        maxExceptions: listener.maxExceptions ?? options.maxExceptions ?? null,
        retryUntil:
          (listener.retryUntil ?? options.retryUntil)?.call(listener, event).getTime() ?? null,
        uniqueId: listener.uniqueId?.(event) ?? options.uniqueId?.(event) ?? null,
        uniqueForMs: uniqueFor * 1000,
        debounceForMs: msOrNull(listener.debounceFor ?? options.debounceFor),
        maxWaitMs: msOrNull(listener.maxWait ?? options.maxWait),
      }
    },
  }
}

/** Calls a queued listener within the steps around it. */
export function throughSteps(entry: Entry, event: unknown, name: string): Promise<void> {
  const context = { event, name, listener: entry.name }
  return through(entry.steps(event), context, async () => {
    await entry.call(event, name)
  })
}

function isQueued({ shouldQueue }: EventListener, { queue }: ListenerOptions, event: unknown) {
  if (typeof shouldQueue === 'function') return shouldQueue(event)
  return shouldQueue ?? (queue !== undefined && queue !== false)
}

function milliseconds(seconds: number | readonly number[]): readonly number[] {
  return [seconds].flat().map((each: number) => each * 1000)
}

function msOrNull(seconds: number | undefined): number | null {
  return seconds === undefined ? null : seconds * 1000
}
