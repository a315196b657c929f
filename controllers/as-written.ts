/**
 * What publishers write, as schemas take it: other names of fields, and `null`
 * where nothing is said.
 *
 * @module
 */

import { z } from 'zod'

/** A schema whose fields may be given by other names too; the field's own name comes first. */
export function alsoNamed<Schema extends z.ZodType>(
  names: Readonly<Record<string, string>>,
  schema: Schema,
) {
  return z.preprocess((value) => renamed(names, value), schema)
}

function renamed(names: Readonly<Record<string, string>>, value: unknown): unknown {
  if (!isRecord(value)) return value
  const isOther = (name: string) => Object.hasOwn(names, name)
  if (!Object.keys(value).some(isOther)) return value
  const fields = Object.entries(value)
  return Object.fromEntries([
    ...fields.filter(([name]) => isOther(name)).map(([name, each]) => [names[name], each]),
    ...fields.filter(([name]) => !isOther(name)),
  ])
}

/** A schema of an object in which a field that is `null` is one that was left out. */
export function nullsLeftOut<Schema extends z.ZodType>(schema: Schema) {
  return z.preprocess(
    (value) => (isRecord(value) ? withoutNulls(value, () => true) : value),
    schema,
  )
}

/** The fields of an object without those that are `null`, as far as they are `known`. */
export function withoutNulls(
  value: Readonly<Record<string, unknown>>,
  known: (name: string) => boolean,
): Readonly<Record<string, unknown>> {
  const isNothing = (name: string) => value[name] === null && known(name)
  if (!Object.keys(value).some(isNothing)) return value
  return Object.fromEntries(Object.entries(value).filter(([name]) => !isNothing(name)))
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
