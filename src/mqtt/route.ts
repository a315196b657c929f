import type { ZodType } from 'zod'
import type { Context } from '../context.ts'
import { compose, type Middleware } from '../pipeline.ts'
import { InvalidPayload } from '../support/errors.ts'
import { inOurWords, toIssue } from '../support/issue-words.ts'
import { decodePayload, decodeReading } from './payload.ts'
import { Topic } from './topic.ts'

/** What a handler answers with: sent as JSON to whoever asked for a reply. */
export type Reply = object

/** Handles the messages of one route. */
// biome-ignore lint/suspicious/noConfusingVoidType: a handler without a reply need not say so.
export type Handler<Params, Payload> = (context: Context<Params, Payload>) => Promise<Reply | void>

/** What a step would decide about a message, found out without effect. */
export interface Verdict {
  readonly step: string
  /** `unknown`: the step cannot tell without acting. */
  readonly outcome: 'pass' | 'refuse' | 'unknown'
  readonly code?: string
  readonly reason?: string
}

/** A step before the handler; with `explain` it also takes part in a dry run. */
export interface RouteMiddleware extends Middleware<Context> {
  /** Decides as the step would; may change the context as it would, but nothing in the store. */
  readonly explain?: (context: Context) => Promise<Omit<Verdict, 'step'>>
}

/** What a JSON message is before a schema has looked at it. */
export type { JsonObject } from './payload.ts'

export interface RouteOptions<Schema extends ZodType = ZodType> {
  /** The most that the subscription asks for; a device may publish with less. */
  readonly qos: 0 | 1 | 2
  /** Validates the JSON object; without it the handler gets it as it came. */
  readonly payload?: Schema
  /** Gives the route connections (or consumers) of its own. */
  readonly shared?: boolean
  /** How many; implies `shared`. Default: 1. */
  readonly workerCount?: number
  /** A payload that begins with neither `{` nor `[` is taken as `{ message: text }`. */
  readonly text?: boolean
  /** Takes payloads of every kind, as devices send them that know nothing of us. */
  readonly reading?: boolean
  /** Handles retained messages too, which are ignored otherwise. */
  readonly retained?: 'accept'
  /** Says in a dry run what the handler would do. */
  readonly explain?: (context: Context) => Promise<readonly Verdict[]>
}

/** A declared route: its pattern, and everything that happens to a message on it. */
export class Route {
  readonly topic: Topic
  readonly qos: 0 | 1 | 2
  readonly shared: boolean
  readonly workerCount: number
  readonly text: boolean
  readonly reading: boolean
  readonly explain: RouteOptions['explain']
  readonly acceptsRetained: boolean
  readonly payload: ZodType | null
  readonly middleware: readonly RouteMiddleware[]
  readonly #run: Middleware<Context>

  constructor(parts: {
    readonly pattern: string
    readonly options: RouteOptions
    readonly middleware: readonly RouteMiddleware[]
    readonly handler: (context: Context) => Promise<unknown>
  }) {
    const { options, handler } = parts
    this.topic = new Topic(parts.pattern)
    this.qos = options.qos
    this.workerCount = workers(parts.pattern, options.workerCount ?? 1)
    this.shared = options.shared === true || options.workerCount !== undefined
    this.text = options.text === true
    this.reading = options.reading === true
    this.explain = options.explain
    this.acceptsRetained = options.retained === 'accept'
    this.payload = options.payload ?? null
    this.middleware = parts.middleware
    this.#run = compose<Context>([
      ...parts.middleware,
      (context, next) => {
        context.payload = this.validate(context.payload)
        return next()
      },
      (context) => handler(context),
    ])
  }

  get pattern(): string {
    return this.topic.pattern
  }

  /** The filter that a broker is asked for, without group and prefix. */
  get filter(): string {
    return this.topic.filter
  }

  /** Runs the group's middleware, the validation, then the handler. */
  run(context: Context): Promise<unknown> {
    return this.#run(context, () => Promise.resolve())
  }

  /** What a payload says. Throws `TooLarge`, `InvalidJson` or `InvalidPayload`. */
  decode(payload: Buffer): unknown {
    return this.reading ? decodeReading(payload) : decodePayload(payload, this)
  }

  /** The payload as the handler gets it. Throws `InvalidPayload` with issues. */
  validate(payload: unknown): unknown {
    if (this.payload === null) return payload
    const result = this.payload.safeParse(payload, inOurWords)
    if (result.success) return result.data
    throw new InvalidPayload(
      `The payload does not fit ${this.pattern}.`,
      result.error.issues.map(toIssue),
    )
  }
}

function workers(pattern: string, count: number): number {
  if (Number.isInteger(count) && count >= 1 && count <= 64) return count
  throw new Error(`The route ${pattern} asks for ${count} workers; 1 to 64 are possible.`)
}
