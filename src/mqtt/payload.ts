import { isUtf8 } from 'node:buffer'
import { InvalidPayload, TooLarge } from '../support/errors.ts'
import { parseJson } from '../support/parse-json.ts'

/** What a JSON message is before a schema has looked at it. */
export type JsonObject = Readonly<Record<string, unknown>>

/** The largest payload that is taken in (contract §3), in bytes. */
export const MAX_PAYLOAD_BYTES = 256 * 1024

/**
 * A payload of a device that knows nothing of us: JSON of any kind, else the
 * words that it holds; bytes that are no text are `null`. Throws `TooLarge`.
 */
export function decodeReading(payload: Buffer): unknown {
  assertSize(payload)
  if (!isUtf8(payload)) return null
  const words = payload.toString('utf8')
  try {
    return parseJson(words)
  } catch {
    return words.trim() // No JSON: then it is what it says.
  }
}

/**
 * A payload as the JSON object that it holds; with `text`, words that begin with
 * neither `{` nor `[` become `{ message }`, and no words an empty object. Throws `TooLarge`, `InvalidJson` or
 * `InvalidPayload`.
 */
export function decodePayload(payload: Buffer, { text }: { readonly text: boolean }): JsonObject {
  assertSize(payload)
  if (!isUtf8(payload)) throw new InvalidPayload('The payload is not UTF-8 text.')
  const words = payload.toString('utf8')
  if (text && words === '') return {}
  if (text && !looksLikeJson(words)) return { message: words }
  return asObject(parseJson(words))
}

function assertSize({ length }: Buffer): void {
  if (length <= MAX_PAYLOAD_BYTES) return
  throw new TooLarge(`The payload has ${length} bytes; ${MAX_PAYLOAD_BYTES} are allowed.`)
}

function looksLikeJson(words: string): boolean {
  return /^\s*[{[]/.test(words)
}

function asObject(value: unknown): JsonObject {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    return value as JsonObject
  }
  throw new InvalidPayload('The payload must be a JSON object.')
}
