import { z } from 'zod'
import { inOurWords } from '../../src/index.ts'

const TYPES = ['object', 'array', 'string', 'number', 'integer', 'boolean', 'null'] as const
/** What zod can check; others would be taken and never looked at. */
const FORMATS = [
  ...['email', 'uri', 'uuid', 'date-time', 'date', 'time', 'duration'],
  ...['hostname', 'ipv4', 'ipv6'],
] as const

/** Which types a keyword says something of. */
const WORDS_OF = {
  object: ['properties', 'required', 'additionalProperties', 'minProperties', 'maxProperties'],
  array: ['items', 'prefixItems', 'minItems', 'maxItems', 'uniqueItems'],
  string: ['minLength', 'maxLength', 'pattern', 'format'],
  number: ['minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum', 'multipleOf'],
} as const
const CHOICES = ['anyOf', 'oneOf', 'allOf'] as const
/** Said to people; nothing is checked by them. */
const NOTES = [
  ...['$schema', '$id', '$comment', 'title', 'description', 'default', 'examples'],
  ...['deprecated', 'readOnly', 'writeOnly'],
]

const Type = z.enum(TYPES)
const Plain = z.union([z.string(), z.number(), z.boolean(), z.null()])
const Schema = z.union([z.boolean(), z.record(z.string(), z.unknown())], {
  error: 'must be a schema: an object, true or false',
})
const Schemas = z.array(Schema).min(1)
const Named = z.record(z.string(), Schema)
const Count = z.number().int().min(0)

const SHAPE = {
  type: z
    .union([Type, z.array(Type).min(1)], { error: `must be of ${TYPES.join(', ')}` })
    .transform((given) => (typeof given === 'string' ? [given] : [...new Set(given)])),
  ...{ enum: z.array(Plain).min(1), const: Plain, $ref: z.string(), $defs: Named },
  ...{ anyOf: Schemas, oneOf: Schemas, allOf: Schemas },
  ...{ properties: Named, required: z.array(z.string()), additionalProperties: Schema },
  ...{ minProperties: Count, maxProperties: Count },
  ...{ items: Schema, prefixItems: Schemas, minItems: Count, maxItems: Count },
  uniqueItems: z.boolean(),
  ...{ minLength: Count, maxLength: Count, pattern: z.string(), format: z.enum(FORMATS) },
  ...{ minimum: z.number(), maximum: z.number(), multipleOf: z.number().gt(0) },
  ...{ exclusiveMinimum: z.number(), exclusiveMaximum: z.number() },
}
const Keywords = z.object(SHAPE).partial()

/** A schema of JSON Schema (2020-12), as far as it is known here, without what lies in it. */
export type SchemaNode = z.output<typeof Keywords>
export type JsonType = (typeof TYPES)[number]

/** Something that a schema may not say: where it stands, and what would be right. */
export class WrongSchema extends Error {
  readonly path: readonly (string | number)[]

  constructor(path: readonly (string | number)[], message: string) {
    super(message)
    this.path = path
  }
}

/** Throws `WrongSchema` for a keyword that is not known, that is wrong, or that would never be looked at. */
export function readNode(given: object, path: readonly (string | number)[]): SchemaNode {
  const said = Object.keys(given).filter((key) => !NOTES.includes(key) && !key.startsWith('x-'))
  const unknown = said.find((key) => !Object.hasOwn(SHAPE, key))
  if (unknown !== undefined) {
    const known = Object.keys(SHAPE).join(', ')
    throw new WrongSchema([...path, unknown], `is not known here; there are ${known}`)
  }
  const { data: node, error } = Keywords.safeParse(given, inOurWords)
  if (node === undefined) {
    const { path: within, message } = error.issues[0]!
    throw new WrongSchema([...path, ...(within as string[])], message)
  }
  const idle = said.find((key) => isIdle(key, said, node.type ?? []))
  if (idle !== undefined) throw new WrongSchema([...path, idle], whyIdle(idle, said))
  return node
}

function isIdle(key: string, said: readonly string[], types: readonly JsonType[]): boolean {
  if (key === '$defs') return false
  if (said.includes('$ref')) return key !== '$ref'
  if (key === 'type' || (CHOICES as readonly string[]).includes(key)) return false
  const owner = ownerOf(key)
  if (owner === undefined) return false
  if (said.includes('enum') || said.includes('const')) return true
  return !types.some((type) => (type === 'integer' ? 'number' : type) === owner)
}

function whyIdle(key: string, said: readonly string[]): string {
  if (said.includes('$ref')) return 'stands beside $ref; put both into allOf'
  if (said.includes('enum') || said.includes('const')) return 'says nothing beside enum or const'
  return `needs "type": "${ownerOf(key)}" beside it`
}

function ownerOf(key: string): string | undefined {
  return Object.entries(WORDS_OF).find(([, words]) =>
    (words as readonly string[]).includes(key),
  )?.[0]
}
