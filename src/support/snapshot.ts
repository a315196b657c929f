/** What JSON has no word for is written as `{"$": <kind>, "v": …}`. */
const TAG = '$'

/**
 * The data of an object as JSON text, to be restored elsewhere: own fields, with
 * dates, maps, sets, bytes and big integers; not the classes of objects within it.
 * Throws `TypeError` naming the field that cannot be kept (a function, a circle).
 */
export function snapshotOf(value: object): string {
  return JSON.stringify(encode(value, '', []))
}

/** The same of the fields that can be kept; the others are left out. */
export function partialSnapshotOf(value: object): string {
  const kept = Object.entries(value).flatMap(([name, field]) => {
    try {
      return [[name, encode(field, name, [value])]]
    } catch {
      return [] // A handle of its library, say: no worker could use it.
    }
  })
  return JSON.stringify(Object.fromEntries(kept))
}

/** The data that {@link snapshotOf} wrote. */
export function restored(text: string): Record<string, unknown> {
  return decode(JSON.parse(text)) as Record<string, unknown>
}

function encode(value: unknown, path: string, within: readonly object[]): unknown {
  if (typeof value === 'bigint') return { [TAG]: 'bigint', v: String(value) }
  if (typeof value === 'function' || typeof value === 'symbol') {
    throw new TypeError(`${path || 'it'} is a ${typeof value}, which cannot be kept for later`)
  }
  if (typeof value === 'number' && !Number.isFinite(value)) {
    return { [TAG]: 'number', v: String(value) }
  }
  if (typeof value !== 'object' || value === null) return value
  if (within.includes(value)) throw new TypeError(`${path} leads back to where it began`)
  const inner = [...within, value]
  if (Array.isArray(value)) return value.map((item, at) => encode(item, `${path}[${at}]`, inner))
  if (value instanceof Date) return { [TAG]: 'date', v: value.toJSON() }
  if (value instanceof URL) return value.href
  if (value instanceof Uint8Array) {
    return { [TAG]: 'bytes', v: Buffer.from(value).toString('base64') }
  }
  if (value instanceof Map) return { [TAG]: 'map', v: encode([...value], path, inner) }
  if (value instanceof Set) return { [TAG]: 'set', v: encode([...value], path, inner) }
  const fields = Object.entries(value).map(([name, field]) => [
    name,
    encode(field, path === '' ? name : `${path}.${name}`, inner),
  ])
  const plain: unknown = Object.fromEntries(fields)
  return Object.hasOwn(value, TAG) ? { [TAG]: 'object', v: plain } : plain
}

function decode(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map(decode)
  const { [TAG]: kind, v } = value as Record<string, unknown>
  if (kind === undefined) return decodeFields(value)
  switch (kind) {
    case 'date':
      return new Date(v === null ? Number.NaN : String(v))
    case 'bigint':
      return BigInt(String(v))
    case 'number':
      return Number(v)
    case 'bytes':
      return Buffer.from(String(v), 'base64')
    case 'map':
      return new Map(decode(v) as [unknown, unknown][])
    case 'set':
      return new Set(decode(v) as unknown[])
    default:
      return decodeFields(v as object)
  }
}

function decodeFields(value: object): Record<string, unknown> {
  return Object.fromEntries(Object.entries(value).map(([name, field]) => [name, decode(field)]))
}
