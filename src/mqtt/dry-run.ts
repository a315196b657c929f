import type { Context } from '../context.ts'
import type { Clock } from '../support/clock.ts'
import { asBelfryError } from '../support/errors.ts'
import { uuidv7 } from '../support/ids.ts'
import type { Logger } from '../support/logger.ts'
import type { Route, Verdict } from './route.ts'
import type { Router } from './router.ts'

/** What would become of a message (`belfry routes test`). */
export interface DryRun {
  /** The pattern that wins; `null` when none matches. */
  readonly route: string | null
  readonly params: Readonly<Record<string, string>>
  /** Route, payload, each middleware, validation, handler; the first refusal is the last one. */
  readonly steps: readonly Verdict[]
}

interface Probe {
  readonly router: Router
  readonly clock: Clock
  readonly log: Logger
  /** The concrete topic, without `MQTT_TOPIC_PREFIX`. */
  readonly topic: string
  readonly payload: Buffer
  readonly meta?: Context['meta']
  /** Who would have sent it, where the door knows. */
  readonly principal?: Context['principal']
}

/** Tells the verdict of every step for a message, without any effect. */
export async function dryRun(probe: Probe): Promise<DryRun> {
  const match = probe.router.match(probe.topic)
  if (match === null) {
    return { route: null, params: {}, steps: [{ step: 'route', ...refusal('no_route') }] }
  }
  const steps: Verdict[] = [{ step: 'route', outcome: 'pass', reason: match.value.pattern }]
  for await (const verdict of walk(probe, match.value, match.params)) {
    steps.push(verdict)
    if (verdict.outcome === 'refuse') break
  }
  return { route: match.value.pattern, params: match.params, steps }
}

async function* walk(
  probe: Probe,
  route: Route,
  params: Context['params'],
): AsyncGenerator<Verdict> {
  let payload: unknown
  yield attempt('payload', () => {
    payload = route.decode(probe.payload)
  })
  const context = contextOf(probe, route, params, payload)
  for (const [index, step] of route.middleware.entries()) {
    const name = step.name || `middleware ${index + 1}`
    const verdict = step.explain ? await step.explain(context) : { outcome: 'unknown' as const }
    yield { step: name, ...verdict }
  }
  yield attempt('validate', () => {
    context.payload = route.validate(context.payload)
  })
  yield { step: 'handler', outcome: 'pass' }
  if (route.explain) yield* await route.explain(context)
}

function contextOf(probe: Probe, route: Route, params: Context['params'], payload: unknown) {
  const context: Context = {
    id: uuidv7(probe.clock.now()),
    door: 'mqtt',
    target: probe.topic,
    route: route.pattern,
    params,
    payload,
    query: {},
    meta: probe.meta ?? {},
    peer: '',
    principal: probe.principal ?? null,
    receivedAt: probe.clock.now(),
    retained: false,
    packet: null,
    log: probe.log,
  }
  return context
}

function attempt(step: string, run: () => void): Verdict {
  try {
    run()
    return { step, outcome: 'pass' }
  } catch (error) {
    const body = asBelfryError(error).toBody()
    const issues = body.issues?.map(({ path, message }) => `${path}: ${message}`) ?? []
    return { step, ...refusal(body.code, [body.message, ...issues].join(' ')) }
  }
}

function refusal(code: string, reason = 'No route takes this topic.') {
  return { outcome: 'refuse' as const, code, reason }
}
