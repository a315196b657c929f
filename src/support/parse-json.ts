import { InvalidJson, InvalidPayload } from './errors.ts'

/** What is nested deeper makes `JSON.stringify` and schema libraries overflow the stack. */
export const MAX_JSON_DEPTH = 32

const QUOTE = 0x22
const BACKSLASH = 0x5c
const OPEN_BRACKET = 0x5b
const CLOSE_BRACKET = 0x5d
const OPEN_BRACE = 0x7b
const CLOSE_BRACE = 0x7d

/**
 * The one way from text to a value, for every door: `InvalidPayload` when it is
 * nested more than 32 deep (found before anything is built), `InvalidJson` when
 * it is not JSON. Members named `__proto__` are left out.
 */
export function parseJson(text: string): unknown {
  if (isDeeperThan(text, MAX_JSON_DEPTH)) {
    throw new InvalidPayload(`The payload is nested more than ${MAX_JSON_DEPTH} levels deep.`)
  }
  const value = parse(text)
  // The name may be written with escapes.
  if (text.includes('__proto__') || text.includes('\\u')) dropPrototypes(value)
  return value
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    // The engine's own words quote the payload, in which there may be a secret.
    const position = /at position (\d+)/.exec(String(cause))?.[1]
    throw new InvalidJson(
      position === undefined
        ? 'The payload is not valid JSON.'
        : `The payload is not valid JSON: unexpected character at position ${position}.`,
    )
  }
}

/** Whether brackets outside of strings are open more than `limit` deep at some place. */
export function isDeeperThan(text: string, limit: number): boolean {
  if (text.length <= limit) return false
  let depth = 0
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index)
    if (code === QUOTE) index = endOfString(text, index)
    else if (code === OPEN_BRACE || code === OPEN_BRACKET) {
      depth += 1
      if (depth > limit) return true
    } else if (code === CLOSE_BRACE || code === CLOSE_BRACKET) depth -= 1
  }
  return false
}

/** Where the string that opens at `start` ends. */
function endOfString(text: string, start: number): number {
  for (let end = text.indexOf('"', start + 1); end !== -1; end = text.indexOf('"', end + 1)) {
    let escapes = 0
    while (text.charCodeAt(end - 1 - escapes) === BACKSLASH) escapes += 1
    if (escapes % 2 === 0) return end
  }
  return text.length
}

/** An own `__proto__` is harmless until somebody copies it with `Object.assign`. */
function dropPrototypes(value: unknown): void {
  if (typeof value !== 'object' || value === null) return
  Reflect.deleteProperty(value, '__proto__')
  for (const member of Object.values(value)) dropPrototypes(member)
}
