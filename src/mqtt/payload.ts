import { isUtf8 } from 'node:buffer'
import { InvalidJson, InvalidPayload, TooLarge } from '../support/errors.ts'
import type { JsonObject } from './route.ts'

/** The largest payload that is taken in (contract §3), in bytes. */
export const MAX_PAYLOAD_BYTES = 256 * 1024

/** How deep objects and arrays may be nested, the outermost included. */
export const MAX_DEPTH = 32

const QUOTE = 0x22
const BACKSLASH = 0x5c
const OPENS = [0x7b, 0x5b]
const CLOSES = [0x7d, 0x5d]

/**
 * A payload as the JSON object that it holds; with `text`, words that begin with
 * neither `{` nor `[` become `{ message }`. Throws `TooLarge`, `InvalidJson` or
 * `InvalidPayload`.
 */
export function decodePayload(payload: Buffer, { text }: { readonly text: boolean }): JsonObject {
  if (payload.length > MAX_PAYLOAD_BYTES) {
    throw new TooLarge(`The payload has ${payload.length} bytes; ${MAX_PAYLOAD_BYTES} are allowed.`)
  }
  if (!isUtf8(payload)) throw new InvalidPayload('The payload is not UTF-8 text.')
  const words = payload.toString('utf8')
  if (text && !looksLikeJson(words)) return { message: words }
  // Before parsing: deep nesting costs the parser its stack, and later readers theirs.
  if (isDeeperThan(words, MAX_DEPTH)) {
    throw new InvalidPayload(`The payload is nested more than ${MAX_DEPTH} levels deep.`)
  }
  return asObject(parse(words))
}

/** Whether brackets outside of strings are open more than `limit` deep at some place. */
export function isDeeperThan(json: string, limit: number): boolean {
  if (json.length <= limit) return false
  let depth = 0
  for (let index = 0; index < json.length; index++) {
    const code = json.charCodeAt(index)
    if (code === QUOTE) {
      index = endOfString(json, index)
    } else if (OPENS.includes(code)) {
      depth += 1
      if (depth > limit) return true
    } else if (CLOSES.includes(code)) {
      depth -= 1
    }
  }
  return false
}

/** Where the string that begins at `start` ends: at the first quote that is not escaped. */
function endOfString(json: string, start: number): number {
  for (let from = start + 1; ; ) {
    const end = json.indexOf('"', from)
    if (end === -1) return json.length
    let backslashes = 0
    while (json.charCodeAt(end - 1 - backslashes) === BACKSLASH) backslashes += 1
    if (backslashes % 2 === 0) return end
    from = end + 1
  }
}

function looksLikeJson(words: string): boolean {
  return /^\s*[{[]/.test(words)
}

function parse(words: string): unknown {
  try {
    return namesThePrototype(words) ? JSON.parse(words, dropPrototype) : JSON.parse(words)
  } catch (error) {
    throw new InvalidJson('The payload is not valid JSON.', { cause: error })
  }
}

/** Perhaps; an escape may spell it too. */
function namesThePrototype(words: string): boolean {
  return words.includes('__proto__') || words.includes('\\u00')
}

/** Whoever copies a field named `__proto__` would change what the copy inherits. */
function dropPrototype(this: unknown, key: string, value: unknown): unknown {
  return key === '__proto__' ? undefined : value
}

function asObject(value: unknown): JsonObject {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    return value as JsonObject
  }
  throw new InvalidPayload('The payload must be a JSON object.')
}
