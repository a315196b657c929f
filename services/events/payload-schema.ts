import { z } from 'zod'
import { inOurWords } from '../../src/index.ts'
import { type JsonType, readNode, type SchemaNode, WrongSchema } from './schema-keywords.ts'
import { searchPattern } from './search-pattern.ts'

/** JSON Schema as somebody wrote it. */
export type WrittenSchema = Readonly<Record<string, unknown>>

const MOST_BYTES = 16_384
/** Schemas within one, each as often as a `$ref` names it: what one payload may cost. */
const MOST_NODES = 1000
const DEEPEST = 30
const REF = /^#\/\$defs\/([^/]+)$/

type Path = readonly (string | number)[]

/** A payload schema of an event type, checked and kept as it was written. */
export const PayloadSchemaField = z
  .record(z.string(), z.unknown(), { error: 'must be an object of JSON Schema' })
  .superRefine((written, check) => {
    try {
      payloadSchemaOf(written)
    } catch (error) {
      if (!(error instanceof WrongSchema)) throw error
      check.addIssue({ code: 'custom', path: [...error.path], message: error.message })
    }
  })
  .meta({ description: 'What the payload must be, in JSON Schema (2020-12); 16 KiB at most' })

/**
 * What checks a payload and gives it out as it came: fields that the schema does not
 * name stay, a `default` is not put in. Throws `WrongSchema` for what it cannot check.
 */
export function payloadSchemaOf(written: WrittenSchema): z.ZodType {
  if (Buffer.byteLength(JSON.stringify(written)) > MOST_BYTES) {
    throw new WrongSchema([], `must have at most ${MOST_BYTES} bytes`)
  }
  const compiled = new Compiler(written).compile()
  return z.unknown().superRefine((payload, check) => {
    const { error } = compiled.safeParse(payload, inOurWords)
    for (const { path, message } of error?.issues ?? []) {
      check.addIssue({ code: 'custom', path, message })
    }
  })
}

/** Puts a schema together from zod's, a `$ref` by what it names. */
class Compiler {
  readonly #root: WrittenSchema
  #nodes = 0

  constructor(root: WrittenSchema) {
    this.#root = root
  }

  compile(): z.ZodType {
    const { type = ['object'], $defs = {} } = readNode(this.#root, [])
    if (!type.includes('object')) {
      throw new WrongSchema(['type'], 'must be "object": so is every payload')
    }
    for (const [name, schema] of Object.entries($defs)) this.#schema(schema, ['$defs', name], [])
    return this.#schema(this.#root, [], [])
  }

  #schema(given: unknown, path: Path, refs: readonly string[]): z.ZodType {
    this.#nodes += 1
    if (this.#nodes > MOST_NODES || path.length > DEEPEST * 2) {
      throw new WrongSchema([], `must be of at most ${MOST_NODES} schemas, ${DEEPEST} deep`)
    }
    if (typeof given === 'boolean') return given ? anything() : z.never()
    const node = readNode(given as object, path)
    if (node.$defs !== undefined && given !== this.#root) {
      throw new WrongSchema([...path, '$defs'], 'must stand at the top')
    }
    if (node.$ref !== undefined) return this.#named(node.$ref, [...path, '$ref'], refs)
    const list = (word: 'anyOf' | 'oneOf' | 'allOf') =>
      node[word]?.map((each, at) => this.#schema(each, [...path, word, at], refs)) ?? []
    const [any, one] = [list('anyOf'), list('oneOf')]
    const parts = [
      ...this.#own(node, path, refs),
      ...(any.length > 0 ? [z.union(any)] : []),
      ...(one.length > 0 ? [z.xor(one)] : []),
      ...list('allOf'),
    ]
    return parts.length === 0 ? anything() : parts.reduce((a, b) => z.intersection(a, b))
  }

  #named(ref: string, path: Path, refs: readonly string[]): z.ZodType {
    const name = REF.exec(ref)?.[1]?.replaceAll('~1', '/').replaceAll('~0', '~')
    const $defs = (this.#root.$defs ?? {}) as Record<string, unknown>
    if (name === undefined || !Object.hasOwn($defs, name)) {
      throw new WrongSchema(path, 'must name a schema of this document: "#/$defs/<name>"')
    }
    if (refs.includes(name)) throw new WrongSchema(path, `must not lead back to ${name}`)
    return this.#schema($defs[name], ['$defs', name], [...refs, name])
  }

  /** What a schema says itself: at most one. */
  #own(node: SchemaNode, path: Path, refs: readonly string[]): z.ZodType[] {
    if (node.const !== undefined) return [z.literal(node.const)]
    if (node.enum !== undefined) return [z.literal(node.enum)]
    const types = node.type?.map((type) => this.#ofType(type, node, path, refs)) ?? []
    return types.length > 1 ? [z.union(types)] : types
  }

  #ofType(type: JsonType, node: SchemaNode, path: Path, refs: readonly string[]): z.ZodType {
    if (type === 'object') return this.#object(node, path, refs)
    if (type === 'array') return this.#array(node, path, refs)
    const { minLength, maxLength, format, minimum, maximum, pattern, multipleOf } = node
    const { exclusiveMinimum, exclusiveMaximum } = node
    const own = {
      ...{ type, minLength, maxLength, format, minimum, maximum, multipleOf },
      ...{ exclusiveMinimum, exclusiveMaximum },
    }
    const schema = z.fromJSONSchema(JSON.parse(JSON.stringify(own)))
    if (type !== 'string' || pattern === undefined) return schema
    try {
      const matches = searchPattern(pattern)
      const error = `must match the pattern ${pattern}`
      return schema.refine((text) => matches(text as string), { error })
    } catch (error) {
      throw new WrongSchema([...path, 'pattern'], (error as Error).message)
    }
  }

  #object(node: SchemaNode, path: Path, refs: readonly string[]): z.ZodType {
    const { properties = {}, required = [], additionalProperties: rest = true } = node
    const { minProperties, maxProperties } = node
    const named = { ...Object.fromEntries(required.map((name) => [name, rest])), ...properties }
    const fields = Object.entries(named).map(([name, each]) => {
      const schema = this.#schema(each, [...path, 'properties', name], refs)
      return [name, required.includes(name) ? schema : schema.optional()] as const
    })
    const shape = z.object(Object.fromEntries(fields))
    const others = typeof rest === 'object' ? [...path, 'additionalProperties'] : null
    const object = rest === false ? shape.strict() : shape.loose()
    const schema = others === null ? object : shape.catchall(this.#schema(rest, others, refs))
    if (minProperties === undefined && maxProperties === undefined) return schema
    const counted = JSON.parse(JSON.stringify({ type: 'object', minProperties, maxProperties }))
    return z.intersection(schema, z.fromJSONSchema(counted))
  }

  #array(node: SchemaNode, path: Path, refs: readonly string[]): z.ZodType {
    const { prefixItems = [], items = true, minItems, maxItems, uniqueItems } = node
    const rest = this.#schema(items, [...path, 'items'], refs)
    const first = prefixItems.map((each, at) =>
      this.#schema(each, [...path, 'prefixItems', at], refs).optional(),
    )
    const schema = first.length === 0 ? z.array(rest) : z.tuple(first as never, rest)
    if (minItems === undefined && maxItems === undefined && uniqueItems !== true) return schema
    const counted = { type: 'array', minItems, maxItems, uniqueItems, items: true }
    return z.intersection(schema, z.fromJSONSchema(JSON.parse(JSON.stringify(counted))))
  }
}

/** Whatever JSON can say, but not nothing. */
function anything(): z.ZodType {
  return z.unknown().refine((value) => value !== undefined, { error: 'is required' })
}
