import { CONSTRAINTS, type Constraint, type Level, type Topic } from './topic.ts'

interface Entry<Value> {
  readonly topic: Topic
  readonly value: Value
}

interface Node<Value> {
  readonly literals: Map<string, Node<Value>>
  readonly typed: Map<Constraint, Node<Value>>
  any: Node<Value> | null
  /** What takes this level and all that follow. */
  rest: Entry<Value> | null
  /** What ends here. */
  end: Entry<Value> | null
}

/** What a look-up found: the parameters have no prototype. */
export interface TopicMatch<Value> {
  readonly value: Value
  readonly params: Readonly<Record<string, string>>
}

/**
 * Patterns by level. The most specific one wins, level by level: a literal
 * before `{name:int}` and `{name:uuid}`, before `{name}`, before `{rest*}`;
 * where that leads nowhere, the next one is tried. A look-up visits only levels
 * that fit the topic, however many patterns there are.
 */
export class TopicTrie<Value> {
  readonly #root: Node<Value> = emptyNode()

  /** Adds a pattern; answers with what already has its shape, and then adds nothing. */
  add(topic: Topic, value: Value): Value | null {
    let node = this.#root
    for (const level of topic.levels) {
      if (level.kind === 'rest') {
        if (node.rest !== null) return node.rest.value
        node.rest = { topic, value }
        return null
      }
      node = child(node, level)
    }
    if (node.end !== null) return node.end.value
    node.end = { topic, value }
    return null
  }

  /** The most specific pattern that matches a concrete topic. */
  match(topic: string): TopicMatch<Value> | null {
    const values: string[] = []
    const entry = find(this.#root, topic.split('/'), 0, values)
    return entry === null ? null : { value: entry.value, params: entry.topic.params(values) }
  }
}

function emptyNode<Value>(): Node<Value> {
  return { literals: new Map(), typed: new Map(), any: null, rest: null, end: null }
}

function child<Value>(node: Node<Value>, level: Exclude<Level, { kind: 'rest' }>): Node<Value> {
  if (level.kind === 'any') {
    node.any ??= emptyNode()
    return node.any
  }
  if (level.kind === 'typed') return getOrAdd(node.typed, level.constraint)
  return getOrAdd(node.literals, level.text)
}

function getOrAdd<Key, Value>(nodes: Map<Key, Node<Value>>, key: Key): Node<Value> {
  const known = nodes.get(key)
  if (known !== undefined) return known
  const added = emptyNode<Value>()
  nodes.set(key, added)
  return added
}

function find<Value>(
  node: Node<Value>,
  parts: readonly string[],
  index: number,
  values: string[],
): Entry<Value> | null {
  const part = parts[index]
  if (part === undefined) return node.end
  const literal = node.literals.get(part)
  if (literal !== undefined) {
    const entry = find(literal, parts, index + 1, values)
    if (entry !== null) return entry
  }
  // Wildcards do not see topics that begin with `$` [MQTT-4.7.2-1].
  if (index === 0 && part.startsWith('$')) return null
  if (part !== '') {
    const entry = findByParam(node, parts, index, values)
    if (entry !== null) return entry
  }
  if (node.rest === null) return null
  const rest = parts.slice(index).join('/')
  if (rest === '') return null
  values.push(rest)
  return node.rest
}

function findByParam<Value>(
  node: Node<Value>,
  parts: readonly string[],
  index: number,
  values: string[],
): Entry<Value> | null {
  const part = parts[index]!
  values.push(part)
  for (const [constraint, next] of node.typed) {
    if (!CONSTRAINTS[constraint].test(part)) continue
    const entry = find(next, parts, index + 1, values)
    if (entry !== null) return entry
  }
  const entry = node.any === null ? null : find(node.any, parts, index + 1, values)
  if (entry === null) values.pop()
  return entry
}
