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
import { observe } from './observe.ts'
import type { Rule } from './rule.ts'
import { type RuleWork, ruleJobOp, syncWork, type Telling } from './rule-job.ts'
import { type Effect, type RuleState, receive, UNTOUCHED } from './rule-state.ts'
import type { RuleTellings } from './rule-telling.ts'
import { watchedKey } from './watched.ts'

/** What is not heard of for so long is forgotten. */
export const STATE_TTL_MS = 30 * 86_400_000
const MOST_ATTEMPTS = 50

interface Parts {
  readonly store: Store
  readonly keys: Keys
  readonly clock: Clock
  readonly bell: Bell
  readonly tellings: RuleTellings
}

/** Where a state is kept. */
interface Place {
  readonly stateKey: string
  readonly partition: number
}

/** A rule that takes a topic, and what it calls the levels of it. */
interface Match {
  readonly rule: Rule
  readonly context: Context
}

/** What a rule would do with a message. */
export interface RuleVerdict {
  readonly rule: string
  readonly happens: boolean
  readonly why: string
}

/**
 * Asks every rule that takes a message. A rule's state and the work that follows
 * from it are one write, made only on the state that was decided upon, so any
 * number of processes may take messages of one device.
 */
export class RuleEngine {
  readonly #parts: Parts
  readonly #turns = new Turns()
  #rules: readonly Rule[] = []

  constructor(parts: Parts) {
    this.#parts = parts
  }

  get rules(): readonly Rule[] {
    return this.#rules
  }

  /** From now on these rules hold; their states stay. */
  use(rules: readonly Rule[]): void {
    this.#rules = rules
  }

  /** Resolves when everything that follows from the message is stored. */
  async take(context: Context): Promise<void> {
    await Promise.all(this.#matching(context).map((match) => this.#apply(match)))
  }

  /** What would happen, without its happening. */
  async explain(context: Context): Promise<RuleVerdict[]> {
    return Promise.all(
      this.#matching(context).map(async ({ rule, context: own }) => {
        const { state } = await this.#read(this.#placeOf(rule, own))
        const seen = observe(rule, own)
        const { effects, why } = receive(rule, state, seen, this.#parts.clock.now())
        const reading = seen.text === '' ? '' : `${rule.value} is ${seen.text.slice(0, 100)}: `
        return { rule: rule.name, happens: effects.length > 0, why: reading + why }
      }),
    )
  }

  #matching(context: Context): Match[] {
    return this.#rules.flatMap((rule) => {
      if (context.retained && !rule.acceptsRetained) return []
      const params = rule.topic.match(context.target)
      return params === null ? [] : [{ rule, context: { ...context, params } }]
    })
  }

  /** Readings of one device are looked at in the order in which they came. */
  #apply(match: Match): Promise<void> {
    const place = this.#placeOf(match.rule, match.context)
    return this.#turns.run(place.stateKey, () => this.#decide(match, place))
  }

  async #decide({ rule, context }: Match, place: Place): Promise<void> {
    const { clock, store, bell } = this.#parts
    const seen = observe(rule, context)
    for (let attempt = 0; attempt < MOST_ATTEMPTS; attempt++) {
      const { state, text } = await this.#read(place)
      const now = clock.now()
      const { after, effects } = receive(rule, state, seen, now)
      if (after === state && effects.length === 0) return
      const works = effects.flatMap((effect) => this.#worksOf(effect, { rule, context }, after))
      const ops = works.map(({ work, at }, index) =>
        this.#jobOp(work, { ...place, now, name: [context.id, rule.name, String(index)], at }),
      )
      if (after !== state) ops.push(stateOp(place.stateKey, after))
      const guards = after === state ? [] : [['expect', place.stateKey, text] as const]
      const outcome = await store.commit({ partition: place.partition, guards, ops })
      if (!outcome.applied) continue
      for (const op of ops) if (op[0] === 'enqueue' && op[5] === 0) bell.ring(op[1])
      return
    }
    throw new Unavailable(`The state of the rule ${rule.name} is being changed by others.`)
  }

  #jobOp(
    work: RuleWork,
    where: { partition: number; now: number; name: readonly string[]; at: number | undefined },
  ): Op {
    const { at, ...rest } = where
    const { partitions } = this.#parts.store
    return ruleJobOp(this.#parts.keys, {
      ...{ ...rest, work, partitions },
      ...(at === undefined ? {} : { at }),
    })
  }

  #worksOf(
    effect: Effect,
    { rule, context }: Match,
    after: RuleState,
  ): { work: RuleWork; at?: number }[] {
    const key = watchedKey('rule', rule.name, context.params)
    const telling = this.#parts.tellings.of(rule, context, key)
    switch (effect.kind) {
      case 'began':
      case 'ended':
        return telling.alert === null ? [] : [{ work: syncWork(key, telling.alert) }]
      case 'fired':
        return tellsAnything(rule, telling)
      case 'ripen': {
        const { seq } = after
        const work = {
          kind: 'ripen',
          state: key,
          seq,
          debounce_ms: rule.debounceMs,
          telling,
        } as const
        return [{ work, at: effect.at }]
      }
      case 'summary': {
        const seconds = rule.debounceMs / 1000
        const work = { kind: 'summary', state: key, seq: after.seq, seconds, telling } as const
        return [{ work, at: effect.at }]
      }
    }
  }

  #placeOf(rule: Rule, { params }: Context): Place {
    const key = watchedKey('rule', rule.name, params)
    const { keys, store } = this.#parts
    return { stateKey: keys.watched(key), partition: partitionOf(key, store.partitions) }
  }

  async #read(place: Place) {
    const text = await this.#parts.store.get(place.partition, place.stateKey)
    return { text, state: text === null ? UNTOUCHED : (JSON.parse(text) as RuleState) }
  }
}

export function stateOp(key: string, state: RuleState): Op {
  return ['set', key, JSON.stringify(state), STATE_TTL_MS]
}

/** The alert of a rule that has a beginning and an end is kept in step with it instead. */
function tellsAnything(rule: Rule, telling: Telling): { work: RuleWork }[] {
  const shown = rule.isLevel ? { ...telling, alert: null } : telling
  const isEmpty = shown.alert === null && shown.notify === null && shown.event === null
  return isEmpty ? [] : [{ work: { kind: 'tell', telling: shown } }]
}
