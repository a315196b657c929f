import type { ZodType, z } from 'zod'
import type { Context } from '../context.ts'
import {
  type Handler,
  type JsonObject,
  Route,
  type RouteMiddleware,
  type RouteOptions,
} from './route.ts'
import { joinPattern, type TopicParams } from './topic.ts'
import { filtersOverlap } from './topic-name.ts'
import { type TopicMatch, TopicTrie } from './topic-trie.ts'

/** A group's prefix and a pattern within it, joined by the compiler. */
export type JoinPattern<Prefix extends string, Pattern extends string> = Prefix extends ''
  ? Pattern
  : Pattern extends ''
    ? Prefix
    : `${Prefix}/${Pattern}`

/** A route as people see it: `belfry routes list`, AsyncAPI. */
export interface RouteDescription {
  readonly pattern: string
  readonly filter: string
  readonly qos: 0 | 1 | 2
  readonly shared: boolean
  readonly workerCount: number
  /** Whether plain text is taken as the message. */
  readonly text: boolean
  readonly retained: boolean
  readonly payload: ZodType | null
  /** Names of the steps before validation and handler, in order. */
  readonly middleware: readonly string[]
}

/** Where routes are declared: the whole table, or a part with a prefix and middleware in common. */
export class RouteGroup<Prefix extends string = ''> {
  readonly #prefix: string
  readonly #middleware: readonly RouteMiddleware[]
  readonly #add: (route: Route) => void

  constructor(parts: {
    readonly prefix: Prefix
    readonly middleware: readonly RouteMiddleware[]
    readonly add: (route: Route) => void
  }) {
    this.#prefix = parts.prefix
    this.#middleware = parts.middleware
    this.#add = parts.add
  }

  /** Declares routes that share a prefix (its parameters included) and, after ours, middleware. */
  group<Inner extends string>(
    prefix: Inner,
    middleware: readonly RouteMiddleware[],
    define: (group: RouteGroup<JoinPattern<Prefix, Inner>>) => void,
  ): void {
    const joined = joinPattern(this.#prefix, prefix) as JoinPattern<Prefix, Inner>
    const all = [...this.#middleware, ...middleware]
    define(new RouteGroup({ prefix: joined, middleware: all, add: this.#add }))
  }

  /** Declares a route. A malformed pattern, or one that matches what another matches, throws. */
  on<Pattern extends string, Schema extends ZodType = ZodType<JsonObject>>(
    pattern: Pattern,
    options: RouteOptions<Schema>,
    handler: Handler<TopicParams<JoinPattern<Prefix, Pattern>>, z.output<Schema>>,
  ): void {
    this.#add(
      new Route({
        pattern: joinPattern(this.#prefix, pattern),
        options,
        middleware: this.#middleware,
        // The pattern gives the parameters, the schema the payload: `Route` keeps both promises.
        handler: handler as unknown as (context: Context) => Promise<unknown>,
      }),
    )
  }
}

/** The table of routes: which handler a concrete topic reaches. */
export class Router extends RouteGroup {
  readonly #trie: TopicTrie<Route>
  readonly #routes: Route[]
  readonly #listeners: (() => Promise<void>)[] = []
  #passing = new TopicTrie<Route>()
  #passingRoutes: readonly Route[] = []

  constructor() {
    const trie = new TopicTrie<Route>()
    const routes: Route[] = []
    super({
      prefix: '',
      middleware: [],
      add: (route) => {
        const taken = trie.add(route.topic, route)
        if (taken !== null) throw new Error(duplicate(taken.pattern, route.pattern))
        routes.push(route)
      },
    })
    this.#trie = trie
    this.#routes = routes
  }

  /** Every route in the order of declaration, for those who subscribe. */
  get table(): readonly Route[] {
    return this.#routes
  }

  /** Routes that came while we run and may go again, such as those of rules. */
  get passing(): readonly Route[] {
    return this.#passingRoutes
  }

  /**
   * Puts other passing routes in the place of those that were; resolves when
   * they are subscribed, as far as the broker is there. Rejects, and changes
   * nothing, when one of them reaches topics of a declared route.
   */
  async replacePassing(define: (group: RouteGroup) => void): Promise<void> {
    const trie = new TopicTrie<Route>()
    const routes: Route[] = []
    const add = (route: Route) => {
      const taken = trie.add(route.topic, route)
      if (taken !== null) throw new Error(duplicate(taken.pattern, route.pattern))
      const clash = this.#routes.find(({ filter }) => filtersOverlap(filter, route.filter))
      if (clash) throw new Error(duplicate(clash.pattern, route.pattern))
      routes.push(route)
    }
    define(new RouteGroup({ prefix: '', middleware: [], add }))
    this.#passing = trie
    this.#passingRoutes = routes
    await Promise.all(this.#listeners.map((listener) => listener()))
  }

  /** Told whenever the passing routes are others. */
  onPassing(listener: () => Promise<void>): void {
    this.#listeners.push(listener)
  }

  get routes(): readonly RouteDescription[] {
    return [...this.#routes, ...this.#passingRoutes].map((route) => ({
      pattern: route.pattern,
      filter: route.filter,
      qos: route.qos,
      shared: route.shared,
      workerCount: route.workerCount,
      text: route.text,
      retained: route.acceptsRetained,
      payload: route.payload,
      middleware: route.middleware.map((step, index) => step.name || `middleware ${index + 1}`),
    }))
  }

  /** The most specific route for a concrete topic (without prefix), or `null`. */
  match(topic: string): TopicMatch<Route> | null {
    return this.#trie.match(topic) ?? this.#passing.match(topic)
  }
}

function duplicate(taken: string, added: string): string {
  return (
    `Two routes match the same topics: ${JSON.stringify(added)} and ` +
    `${JSON.stringify(taken)}, which was declared before it.`
  )
}
