import { InvalidPayload } from '../../src/index.ts'

const MOST_BYTES = 512

/**
 * What one rule or monitor tells apart by the parameters of its topic, as one
 * word: `rule/freezer/hall-3/7`. Throws `InvalidPayload` where it is too long to keep.
 */
export function watchedKey(
  kind: 'rule' | 'heartbeat',
  name: string,
  params: Readonly<Record<string, string>>,
): string {
  const values = Object.values(params).map(encodeURIComponent)
  const key = [kind, name, ...values].join('/')
  if (key.length <= MOST_BYTES) return key
  throw new InvalidPayload(`The levels of this topic are too long to be watched: ${MOST_BYTES}.`)
}

/** The name and the values that a key was made of, in the order of the topic. */
export function watchedParts(key: string): { readonly name: string; readonly values: string[] } {
  const [, name = '', ...values] = key.split('/')
  return { name, values: values.map(decodeURIComponent) }
}
