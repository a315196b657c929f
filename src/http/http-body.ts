import { isUtf8 } from 'node:buffer'
import { asBelfryError, type BelfryError, InvalidPayload } from '../support/errors.ts'
import { parseJson } from '../support/parse-json.ts'

/** The largest body that is read, in bytes (contract §3). */
export const MAX_BODY_BYTES = 256 * 1024

const JSON_TYPE = /^(application\/json|[\w.+-]+\/[\w.+-]*\+json)$/
/** One-click unsubscribing may come so (RFC 8058 §3.2); nothing of ours asks for its fields. */
const MULTIPART_TYPE = 'multipart/form-data'
const FORM_TYPE = 'application/x-www-form-urlencoded'
/** What clients send who were not told what to say: `fetch` with text, nothing at all. */
const VAGUE_TYPES = ['', 'text/plain', FORM_TYPE]

/** A body as it came, and what it says. */
export interface HttpBody {
  readonly raw: Buffer
  /** `undefined` where the body is empty or cannot be read. */
  readonly value: unknown
  /** Why it cannot be read. */
  readonly problem: BelfryError | null
}

export const NO_BODY: HttpBody = { raw: Buffer.alloc(0), value: undefined, problem: null }

/** Reads a body; what is wrong with it is told once it is known who sent it. */
export function readBody(raw: Buffer, contentType: string): HttpBody {
  try {
    return { raw, value: parseBody(raw, contentType), problem: null }
  } catch (error) {
    return { raw, value: undefined, problem: asBelfryError(error) }
  }
}

/**
 * What a body says, by its content type: JSON, or a form, whose fields become texts
 * (lists where a name is repeated). Text that begins like JSON is taken as JSON,
 * since `curl -d` calls everything a form. Throws `InvalidJson`, `InvalidPayload`.
 */
export function parseBody(raw: Buffer, contentType: string): unknown {
  if (raw.length === 0) return undefined
  const type = (contentType.split(';', 1)[0] ?? '').trim().toLowerCase()
  if (type === MULTIPART_TYPE) return undefined
  if (!isUtf8(raw)) throw new InvalidPayload('The body is not UTF-8 text.')
  const text = raw.toString('utf8')
  const isVagueJson = VAGUE_TYPES.includes(type) && /^\s*[{[]/.test(text)
  if (JSON_TYPE.test(type) || isVagueJson) return parseJson(text)
  if (type === FORM_TYPE) return parseForm(text)
  throw new InvalidPayload('The body must be JSON.', [
    { path: 'content-type', message: 'must be application/json' },
  ])
}

function parseForm(text: string): Readonly<Record<string, unknown>> {
  const fields = new Map<string, string | string[]>()
  for (const [name, value] of new URLSearchParams(text)) {
    const before = fields.get(name)
    if (before === undefined) fields.set(name, value)
    else fields.set(name, [before, value].flat())
  }
  fields.delete('__proto__')
  return Object.fromEntries(fields)
}
