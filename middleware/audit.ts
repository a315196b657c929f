import { isDeepStrictEqual } from 'node:util'
import { type AuditRecord, withoutPerson } from '../services/operations/audit-log.ts'
import type { HttpContext, HttpRoute, Middleware } from '../src/index.ts'

/** More of a state than this many bytes is not kept. */
const MAX_BYTES = 8_192
/** After this nothing may hold the person's id any more. */
const ERASING = 'DELETE /api/users/{id}/data'
const SECRET = /secret|password|token|authorization|^key$|_key$|^code$/i

interface AuditOptions {
  readonly log: { record(record: AuditRecord): Promise<unknown> }
  /** Every route; of what a route changes, the one that reads it says how it stands. */
  readonly routes: () => readonly HttpRoute[]
}

/**
 * Keeps a record of everything that is changed by those who may operate or
 * administer, or on behalf of somebody else. Stands between the validation of a
 * request and its handler; what was refused changed nothing and is not kept.
 */
export function audit({ log, routes }: AuditOptions): Middleware<HttpContext> {
  const places = new Map<string, Place>()
  const placeOf = (pattern: string) => {
    const known = places.get(pattern)
    if (known) return known
    const place = findPlace(pattern, routes())
    places.set(pattern, place)
    return place
  }

  return async function audit(context, next) {
    const { principal, target, route, peer } = context
    const { reader, isPrivileged } = placeOf(route)
    const isForSomebodyElse = route.includes('/users/{id}') && context.params.id !== principal?.id
    if (context.request.method === 'GET' || principal === null) return next()
    if (!isPrivileged && !isForSomebodyElse) return next()
    const input = shown(context.payload)
    const before = await stateOf(reader, context)
    const result = await next()
    const after = await stateOf(reader, context)
    const change = isDeepStrictEqual(before, after)
      ? { before: null, after: null }
      : { before, after }
    const { id: who, via } = principal
    const record = { who, via, from: peer, what: route, target, input, ...change }
    await log.record(route === ERASING ? withoutPerson(record, context.params.id ?? '') : record)
    return result
  }
}

interface Place {
  readonly isPrivileged: boolean
  readonly reader: HttpRoute | null
}

/** `POST /api/alerts/{alert_id}/ack` is read by `GET /api/alerts/{alert_id}`. */
function findPlace(pattern: string, routes: readonly HttpRoute[]): Place {
  const route = routes.find((each) => each.pattern === pattern)
  const isPrivileged = ['operate', 'admin'].includes(route?.spec.scope ?? '')
  const readers = new Map(
    routes.filter(({ method }) => method === 'GET').map((each) => [each.path, each]),
  )
  for (let path = route?.path ?? ''; path.includes('{'); path = path.replace(/\/[^/]*$/, '')) {
    const reader = readers.get(path)
    if (reader) return { isPrivileged, reader }
  }
  return { isPrivileged, reader: null }
}

async function stateOf(reader: HttpRoute | null, context: HttpContext): Promise<unknown> {
  if (reader === null) return null
  try {
    const { body } = await reader.read({ ...context, payload: undefined, query: {} })
    return shown(body)
  } catch {
    // There is nothing there yet, or nothing any more.
    return null
  }
}

/** As it may be kept: without secrets, and not without bounds. */
function shown(value: unknown): unknown {
  const text = JSON.stringify(value ?? null, (name, inner) =>
    SECRET.test(name) && typeof inner === 'string' ? '[hidden]' : inner,
  )
  if (text.length > MAX_BYTES) return { bytes: text.length }
  return JSON.parse(text)
}
