import { token, userName } from './session.ts'

/** What the API answers with. */
// biome-ignore lint/suspicious/noExplicitAny: each page knows the shape of what it asks for.
export type Json = any

/** A refusal of the service (RFC 9457), in words for people. */
export class Problem extends Error {
  readonly status: number
  readonly code: string

  constructor(status: number, body: Json) {
    super(wordsOf(status, body))
    this.status = status
    this.code = String(body?.code ?? 'unavailable')
  }
}

type Query = Readonly<Record<string, string | number | boolean | null | undefined>>

/** Where the service is, wherever a proxy has put it: beside this page. */
export function address(path: string): URL {
  return new URL(path.replace(/^\//, ''), new URL('.', document.baseURI.replace(/#.*/, '')))
}

/** The one way to the service. Throws {@link Problem}. */
export const api = {
  get: (path: string, query: Query = {}) => request('GET', path + searchOf(query)),
  post: (path: string, body: unknown = {}) => request('POST', path, body),
  put: (path: string, body: unknown = {}) => request('PUT', path, body),
  delete: (path: string, body?: unknown) => request('DELETE', path, body),
}

/** What says who is asking: the token, or a name where authentication is off. */
export function credentials(): Record<string, string> {
  return token.value === null
    ? { 'x-belfry-user': userName.value }
    : { authorization: `Bearer ${token.value}` }
}

async function request(method: string, path: string, body?: unknown): Promise<Json> {
  const sent = body === undefined ? {} : { 'content-type': 'application/json' }
  const answer = await fetch(address(path), {
    method,
    headers: { ...credentials(), ...sent },
    signal: AbortSignal.timeout(30_000),
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  }).catch(() => {
    throw new Problem(0, { detail: 'The service does not answer. Is it running?' })
  })
  const text = await answer.text()
  const json = parsed(text)
  if (answer.ok) return json
  if (answer.status === 401 && token.value !== null) token.value = null
  throw new Problem(answer.status, json)
}

function searchOf(query: Query): string {
  const given = Object.entries(query).filter(([, value]) => value != null && value !== '')
  if (given.length === 0) return ''
  return `?${new URLSearchParams(given.map(([name, value]) => [name, String(value)]))}`
}

function parsed(text: string): Json {
  try {
    return text === '' ? {} : JSON.parse(text)
  } catch {
    return { detail: text.slice(0, 200) }
  }
}

function wordsOf(status: number, body: Json): string {
  const what = body?.detail ?? body?.title ?? `The service answered ${status}.`
  const issues = (body?.issues ?? []).map((issue: Json) => `${issue.path} ${issue.message}`)
  return issues.length === 0 || issues.some((each: string) => what.includes(each))
    ? String(what)
    : `${what} ${issues.join('; ')}`
}
