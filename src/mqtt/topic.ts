/**
 * Topic patterns: `alerts/critical/{alertType}` is what a route declares,
 * `alerts/critical/+` is what the broker is asked for, and
 * `{ alertType: 'disk_full' }` is what the handler receives.
 *
 * @module
 */

/** The parameters named in a topic pattern, read by the compiler. */
export type TopicParams<Pattern extends string> = string extends Pattern
  ? Readonly<Record<string, string>>
  : Pattern extends `${string}{${infer Spec}}${infer Rest}`
    ? { readonly [Key in ParamName<Spec> | keyof TopicParams<Rest>]: string }
    : Record<never, string>

/** `id:int` → `id`, `rest*` → `rest`. */
type ParamName<Spec extends string> = Spec extends `${infer Name}:${string}`
  ? Name
  : Spec extends `${infer Name}*`
    ? Name
    : Spec

/** What a value must look like for `{name:int}` and `{name:uuid}`. */
export const CONSTRAINTS = {
  int: /^-?\d{1,16}$/,
  uuid: /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i,
} as const

export type Constraint = keyof typeof CONSTRAINTS

/** One level of a pattern. */
export type Level =
  | { readonly kind: 'literal'; readonly text: string }
  | { readonly kind: 'typed'; readonly name: string; readonly constraint: Constraint }
  | { readonly kind: 'any'; readonly name: string }
  | { readonly kind: 'rest'; readonly name: string }

/** The longest topic of MQTT, in UTF-8 bytes [MQTT-4.7.3-3]. */
export const MAX_TOPIC_BYTES = 65_535

/** A topic pattern, parsed once when its route is declared. A malformed one throws. */
export class Topic<Pattern extends string = string> {
  readonly pattern: Pattern
  readonly levels: readonly Level[]
  /** What the broker is asked for: `+` for a parameter, `#` for the rest. */
  readonly filter: string
  /** Two patterns of one shape match the same topics with the same rank. */
  readonly shape: string

  constructor(pattern: Pattern) {
    this.pattern = pattern
    this.levels = parse(pattern)
    this.filter = this.levels.map(filterLevel).join('/')
    this.shape = this.levels.map(shapeLevel).join('/')
  }

  /** The parameters of a concrete topic, or `null` when it does not match. */
  match(topic: string): TopicParams<Pattern> | null {
    const parts = topic.split('/')
    const values: string[] = []
    for (const [index, level] of this.levels.entries()) {
      const part = parts[index]
      if (part === undefined) return null
      if (level.kind === 'literal') {
        if (level.text !== part) return null
        continue
      }
      if (index === 0 && part.startsWith('$')) return null
      const value = level.kind === 'rest' ? parts.slice(index).join('/') : part
      if (!accepts(level, value)) return null
      values.push(value)
      if (level.kind === 'rest') return this.params(values)
    }
    return parts.length === this.levels.length ? this.params(values) : null
  }

  /** Names the values of the parameters, given in the pattern's order. */
  params(values: readonly string[]): TopicParams<Pattern> {
    // Names come from patterns, but handlers may look any name up in it.
    const params: Record<string, string> = Object.create(null)
    let next = 0
    for (const level of this.levels) {
      if (level.kind !== 'literal') params[level.name] = values[next++] ?? ''
    }
    return params as TopicParams<Pattern>
  }
}

/** Joins a group's prefix and a pattern, as the router's types do. */
export function joinPattern(prefix: string, pattern: string): string {
  if (prefix === '') return pattern
  return pattern === '' ? prefix : `${prefix}/${pattern}`
}

function accepts(level: Level, value: string): boolean {
  if (value === '') return false
  return level.kind === 'typed' ? CONSTRAINTS[level.constraint].test(value) : true
}

function filterLevel(level: Level): string {
  if (level.kind === 'literal') return level.text
  return level.kind === 'rest' ? '#' : '+'
}

function shapeLevel(level: Level): string {
  return level.kind === 'typed' ? `{:${level.constraint}}` : filterLevel(level)
}

function parse(pattern: string): readonly Level[] {
  if (Buffer.byteLength(pattern) > MAX_TOPIC_BYTES) malformed(pattern, 'is too long')
  const parts = pattern.split('/')
  const names = new Set<string>()
  return parts.map((part, index) => {
    const level = parseLevel(pattern, part)
    if (level.kind === 'literal') return level
    if (names.has(level.name)) malformed(pattern, `names {${level.name}} twice`)
    names.add(level.name)
    if (level.kind === 'rest' && index < parts.length - 1) {
      malformed(pattern, `goes on after {${level.name}*}, which takes the rest`)
    }
    return level
  })
}

const PARAM = /^\{([A-Za-z_][A-Za-z0-9_]*)(?:(\*)|:([a-z]+))?\}$/

function parseLevel(pattern: string, part: string): Level {
  if (part === '') malformed(pattern, 'has an empty level')
  const param = PARAM.exec(part)
  if (param === null) {
    if (/[+#{}\0]/.test(part)) malformed(pattern, `has a level ${JSON.stringify(part)}`)
    return { kind: 'literal', text: part }
  }
  const [, name = '', star, constraint] = param
  if (star !== undefined) return { kind: 'rest', name }
  if (constraint === undefined) return { kind: 'any', name }
  if (!isConstraint(constraint)) malformed(pattern, `has the unknown constraint "${constraint}"`)
  return { kind: 'typed', name, constraint }
}

function isConstraint(word: string): word is Constraint {
  return Object.hasOwn(CONSTRAINTS, word)
}

function malformed(pattern: string, why: string): never {
  throw new Error(
    `The topic pattern ${JSON.stringify(pattern)} ${why}. A level is a word, {name}, ` +
      '{name:int}, {name:uuid} or, at the end, {name*}.',
  )
}
