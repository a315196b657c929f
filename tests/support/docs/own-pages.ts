import { COMMANDS, GROUPS } from '../../../src/cli/main.ts'
import type { Variable } from '../../../src/config/variable.ts'
import { SECTIONS } from '../../../src/config/variables.ts'
import {
  AlreadyResolved,
  type BelfryError,
  Conflict,
  type ErrorCode,
  Expired,
  Filtered,
  Forbidden,
  IdempotencyMismatch,
  Internal,
  InvalidJson,
  InvalidPayload,
  NoRoute,
  NotFound,
  RateLimitExceeded,
  TooLarge,
  Unauthenticated,
  Unavailable,
} from '../../../src/support/errors.ts'
import { Metrics } from '../../../src/support/metrics.ts'
import { code, heading, table } from './tables.ts'

/** Every variable, by section. */
export function environmentPage(): string {
  const parts = Object.entries(SECTIONS).map(([title, variables]) => {
    const rows = Object.entries<Variable>(variables).map(([name, row]) => [
      [name, ...row.aliases].map(code).join(' '),
      row.fallback === null || row.fallback === '' ? row.otherwise : code(row.fallback),
      row.about,
      code(row.example),
    ])
    return `## ${title}\n\n${table(['variable', 'default', 'meaning', 'example'], rows)}`
  })
  return [
    heading(
      'Environment',
      'None is needed to start. What the environment says wins over `.env`. A value may be `file:/run/secrets/x`, and `<NAME>_FILE` is read too. Wrong ones stop the start; all are named in one message. Where several names are given, the first one that is set counts.',
    ),
    ...parts,
  ].join('\n')
}

/** Every metric of our own; those of Node itself are left to the library that makes them. */
export async function metricsPage(): Promise<string> {
  const metrics = await new Metrics().registry.getMetricsAsJSON()
  const known = new Metrics().registry
  const rows = metrics.map(({ name, type, help }) => {
    const { labelNames = [] } = known.getSingleMetric(name) as { labelNames?: readonly string[] }
    return [code(name), String(type), labelNames.map(code).join(' '), help]
  })
  return [
    heading(
      'Metrics',
      '`GET /metrics`, for Prometheus: open on loopback, elsewhere with a token that has `read`, or on a port of its own (`METRICS_PORT`). Besides these, what every Node process tells, under `belfry_process_…` and `belfry_nodejs_…`. What to watch: [In production](../guides/operations.md#what-to-watch).',
    ),
    table(['metric', 'type', 'labels', 'meaning'], rows),
  ].join('\n')
}

/** What each means and what to do: a code without a line here does not compile. */
const MEANINGS: Readonly<Record<ErrorCode, string>> = {
  invalid_json: 'The payload is not JSON, or is nested deeper than 32 levels.',
  invalid_payload: 'A field is missing or wrong: `issues` names each with its path.',
  too_large: 'More than 256 KiB.',
  unauthenticated: 'No credential, or one that does not hold; the message says why.',
  forbidden: 'The credential is good, but not for this: a scope or a topic is missing.',
  not_found: 'There is no such record.',
  no_route: 'There is nothing at this topic or path.',
  conflict: 'It is being changed by another request, or its name is taken.',
  already_resolved: 'The alert has ended; the next report is a new one.',
  idempotency_mismatch: 'The same key came before with another body.',
  rate_limit_exceeded: 'Too many: `retry_after` seconds, `rate_limit` says how many are allowed.',
  filtered: 'A rule, or the recipient’s own wish, keeps it out; `reason` names which.',
  expired: '`expires_at` is past.',
  unavailable: 'A part that is needed is away. Nothing was kept: send it again.',
  internal: 'A fault of ours. The cause is in the log.',
}

/** The codes of refusals, with the HTTP status and whether trying again may help. */
export function errorsPage(): string {
  const limit = { retryAfter: 1, maxRequests: 1, windowSeconds: 1, resetTime: 1 }
  const errors: readonly BelfryError[] = [
    ...[new InvalidJson(''), new InvalidPayload(''), new TooLarge('')],
    ...[new Unauthenticated(''), new Forbidden(''), new NotFound(''), new NoRoute('')],
    ...[new Conflict(''), new AlreadyResolved(''), new IdempotencyMismatch('')],
    ...[new RateLimitExceeded(limit), new Filtered('', ''), new Expired('')],
    ...[new Unavailable(''), new Internal('')],
  ]
  const byCode = new Map(errors.map((error) => [error.code, error]))
  const rows = Object.entries(MEANINGS).map(([name, meaning]) => {
    const error = byCode.get(name as ErrorCode)
    if (error === undefined) throw new Error(`No error has the code ${name}.`)
    return [
      code(name),
      String(error.status),
      error.retryable ? 'yes' : 'no',
      code(error.name),
      meaning,
    ]
  })
  return [
    heading(
      'Errors',
      'The same words on MQTT, HTTP and sockets. HTTP answers with `application/problem+json` (RFC 9457) and `code`; MQTT with `{"status":"error","error":{"code","message","issues"},"correlation_id"}` on the reply topic; sockets with `{"type":"error","code","message","ref"}`. What was refused is kept: `npx belfry dead-letters list`. In code each is a class that `belfry` exports.',
    ),
    table(['code', 'HTTP', 'try again', 'class', 'meaning'], rows),
  ].join('\n')
}

/** Every command with its flags. */
export function commandLinePage(): string {
  const groups = Map.groupBy(
    COMMANDS.filter(({ isHidden }) => isHidden !== true),
    ({ usage }) => usage.split(' ')[0] ?? '',
  )
  const parts = [...groups].map(([name, commands]) => {
    const about = GROUPS[name]
    const lines = commands.map(({ usage, summary, options = [], examples = [] }) => {
      const flags = options.map(([flag, meaning]) => `  - ${code(flag)}: ${meaning}`)
      const shown = examples.map((example) => `  - for example ${code(`belfry ${example}`)}`)
      return [`- ${code(`belfry ${usage}`)}: ${summary}`, ...flags, ...shown].join('\n')
    })
    return `## ${name}\n\n${about === undefined ? '' : `${about}.\n\n`}${lines.join('\n')}\n`
  })
  return [
    heading(
      'Command line',
      'In a checkout or a project `npx belfry …`, installed globally `belfry …`. It speaks HTTP to a running service; only `start`, `init`, `doctor`, `store` and `keys create` do without one. Every command takes `--help`, `--json`, `--url` (or `BELFRY_URL`) and `--token` (or `BELFRY_TOKEN`). Exit codes: 0 done, 1 refused or failed, 2 wrong usage.',
    ),
    ...parts,
  ].join('\n')
}
