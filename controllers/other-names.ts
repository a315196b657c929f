import { z } from 'zod'

/** A schema whose fields may be given by other names too; the field's own name comes first. */
export function alsoNamed<Schema extends z.ZodType>(
  names: Readonly<Record<string, string>>,
  schema: Schema,
) {
  return z.preprocess((value) => renamed(names, value), schema)
}

function renamed(names: Readonly<Record<string, string>>, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  const isOther = (name: string) => Object.hasOwn(names, name)
  if (!Object.keys(value).some(isOther)) return value
  const fields = Object.entries(value)
  return Object.fromEntries([
    ...fields.filter(([name]) => isOther(name)).map(([name, each]) => [names[name], each]),
    ...fields.filter(([name]) => !isOther(name)),
  ])
}
