import type { Documents } from '../../services/alerts/documents.ts'
import type { Heartbeats } from '../../services/heartbeats/heartbeats.ts'
import { compileMonitor, type MonitorDocument } from '../../services/heartbeats/monitor.ts'
import type { CompiledRule } from '../../services/rules/filter-rule.ts'
import type { RuleEngine } from '../../services/rules/rule-engine.ts'
import { NO_RULES, type RulesFile, readRulesFile } from '../../services/rules/rules-file.ts'
import { TemplateEngine } from '../../services/templates/template-engine.ts'
import type { Context } from '../context.ts'
import type { Verdict } from '../mqtt/route.ts'
import type { RouteGroup, Router } from '../mqtt/router.ts'
import type { Topic } from '../mqtt/topic.ts'
import type { Clock } from '../support/clock.ts'
import { asBelfryError, type Issue } from '../support/errors.ts'
import type { Logger } from '../support/logger.ts'

/** How soon a monitor that another process was told of is known to this one. */
const LOOK_EVERY_MS = 1_000
/** How long to wait for a broker that takes its time to subscribe. */
const SUBSCRIBED_MS = 2_000

/** What became of `RULES_FILE`. `kept`: it is broken, what held before holds. */
export interface RulesReport {
  readonly file: string
  readonly status: 'loaded' | 'kept' | 'refused'
  readonly error?: string
  readonly issues?: readonly Issue[]
}

interface Parts {
  /** `RULES_FILE`; `null`: there is none. */
  readonly file: string | null
  readonly engine: RuleEngine
  readonly heartbeats: Heartbeats
  readonly monitors: Documents<MonitorDocument>
  readonly router: Router
  readonly clock: Clock
  readonly log: Logger
}

/** The rules and monitors that hold, and the topics that are subscribed for them. */
export class Rules {
  readonly #parts: Parts
  readonly #texts = new TemplateEngine()
  #file: RulesFile = NO_RULES
  #documents: readonly MonitorDocument[] = []
  #isLoaded = false
  #cancel = () => {}
  #offerKept: (filters: readonly string[]) => Promise<void> = async () => {}

  constructor(parts: Parts) {
    this.#parts = parts
  }

  /** What keeps messages out. */
  get filters(): readonly CompiledRule[] {
    return this.#file.filters
  }

  /** Reads the file again; a broken one keeps what was there and says so. */
  async load(): Promise<readonly RulesReport[]> {
    const { file, log } = this.#parts
    if (file === null) {
      await this.refresh({ always: true })
      return []
    }
    const before = this.#file
    try {
      this.#file = await readRulesFile(file, this.#texts)
      await this.refresh({ always: true })
      this.#isLoaded = true
      return [{ file, status: 'loaded' }]
    } catch (error) {
      this.#file = before
      const known = asBelfryError(error)
      if (known.retryable) throw error
      const { message, issues = [] } = known.toBody()
      log.error({ file, issues, reason: message }, 'the file of rules cannot be used')
      return [{ file, status: this.#isLoaded ? 'kept' : 'refused', error: message, issues }]
    }
  }

  /** Looks whether monitors were made or deleted, here or elsewhere. */
  async refresh({ always = false } = {}): Promise<void> {
    const documents = await this.#parts.monitors.list()
    if (!always && documents === this.#documents) return
    const { engine, heartbeats, router } = this.#parts
    const own = this.#file.heartbeats
    const named = new Set(own.map(({ id }) => id))
    const made = documents.filter(({ id }) => !named.has(id)).map(compileMonitor)
    engine.use(this.#file.rules)
    heartbeats.use([...own, ...made])
    this.#documents = documents
    const { promise: patience, resolve } = Promise.withResolvers<void>()
    const cancel = this.#parts.clock.after(SUBSCRIBED_MS, resolve)
    await Promise.race([router.replacePassing((group) => this.#routes(group)), patience])
    cancel()
    this.#sweep()
  }

  /** What takes in the messages that the broker keeps; asked now, and whenever rules change. */
  takeKeptFrom(offerKept: (filters: readonly string[]) => Promise<void>): void {
    this.#offerKept = offerKept
    this.#sweep()
  }

  /** Rules that take kept messages take each once: that they did is part of their states. */
  #sweep(): void {
    const { router, log } = this.#parts
    const routes = router.passing.filter(({ acceptsRetained }) => acceptsRetained)
    this.#offerKept(routes.map(({ filter }) => filter)).catch((error) => {
      log.warn({ err: error }, 'what the broker keeps could not be taken')
    })
  }

  start(): void {
    const { clock, log } = this.#parts
    this.#cancel = clock.every(LOOK_EVERY_MS, () => {
      this.refresh().catch((error) => log.debug({ err: error }, 'monitors wait for the store'))
    })
  }

  stop(): void {
    this.#cancel()
  }

  /** One route for each shape of a topic, whatever rules take it. */
  #routes(group: RouteGroup): void {
    const { engine, heartbeats } = this.#parts
    const topics: { topic: Topic; keeps: boolean }[] = [
      ...engine.rules.map(({ topic, acceptsRetained: keeps }) => ({ topic, keeps })),
      ...heartbeats.monitors.flatMap(({ beats, will }) => [
        { topic: beats, keeps: false },
        ...(will ? [{ topic: will.topic, keeps: true }] : []),
      ]),
    ]
    for (const [, same] of Map.groupBy(topics, ({ topic }) => topic.shape)) {
      const options = { qos: 1, reading: true, explain: this.#explain } as const
      const keeps = same.some((each) => each.keeps)
      const handle = async (context: Context) => {
        await Promise.all([engine.take(context), heartbeats.take(context)])
      }
      group.on(
        same[0]!.topic.pattern,
        keeps ? { ...options, retained: 'accept' } : options,
        handle as never,
      )
    }
  }

  #explain = async (context: Context): Promise<readonly Verdict[]> => {
    const { engine, heartbeats } = this.#parts
    const rules = await engine.explain(context)
    return [
      ...rules.map(({ rule, happens, why }) => ({
        ...{ step: `rule ${rule}`, outcome: 'pass' as const },
        reason: happens ? why : `nothing: ${why}`,
      })),
      ...heartbeats.explain(context).map((reason) => ({
        ...{ step: 'heartbeat', outcome: 'pass' as const, reason },
      })),
    ]
  }
}
