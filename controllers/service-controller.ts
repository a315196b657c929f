import { z } from 'zod'
import type { AlertStore } from '../services/alerts/alert-store.ts'
import type { QueueAdmin } from '../services/deliveries/queue-admin.ts'
import type { Directory } from '../services/directory/directory.ts'
import type { InboxService } from '../services/notifications/inbox-service.ts'
import { ACTIVITY_CHANNEL, type Activity } from '../services/operations/activity.ts'
import type { DeadLetters } from '../services/operations/dead-letters.ts'
import type { SessionService } from '../services/sessions/session-service.ts'
import type { Context, DryRun, Principal, RouteDescription } from '../src/index.ts'
import { InvalidPayload } from '../src/index.ts'
import { self } from './inbox-api-controller.ts'

export const RouteTestBody = z.object({
  topic: z.string().min(1).max(65_535),
  payload: z.json().default(''),
})

export const DrainQuery = z.object({
  max: z.coerce.number().int().min(1).max(1000).default(100),
})

type IdParam = { readonly id: string }

interface Published {
  readonly topic: string
  readonly payload: Buffer
  readonly principal: Principal | null
}

interface Parts {
  readonly queues: QueueAdmin
  readonly inbox: InboxService
  readonly directory: Directory
  readonly sessions: SessionService
  readonly deadLetters: DeadLetters
  readonly alertStore: AlertStore
  readonly activity: Activity
  readonly routeTable: () => readonly RouteDescription[]
  readonly dryRun: (message: Published) => Promise<DryRun>
  /** Gives a message to its route; answers what became of it. */
  readonly publish: (message: Published) => Promise<string>
}

/** What the service says of itself. */
export class ServiceController {
  readonly #parts: Parts

  constructor(parts: Parts) {
    this.#parts = parts
  }

  stats = async () => {
    const { directory, sessions, queues, deadLetters, alertStore } = this.#parts
    const [users, connected, states, dead, open] = await Promise.all([
      directory.size(),
      sessions.connectedCount(),
      queues.list(),
      deadLetters.count(),
      alertStore.openCount(),
    ])
    const sum = (read: (state: (typeof states)[number]) => number) =>
      states.reduce((total, state) => total + read(state), 0)
    return {
      users,
      connected_users: connected,
      open_alerts: open,
      waiting: sum(({ ready }) => Object.values(ready).reduce((a, b) => a + b, 0)),
      scheduled: sum(({ scheduled }) => scheduled),
      in_flight: sum(({ in_flight }) => in_flight),
      failed: sum(({ failed }) => failed),
      dead_letters: dead,
    }
  }

  routes = async () => ({
    data: this.#parts.routeTable().map((route) => ({
      pattern: route.pattern,
      filter: route.filter,
      qos: route.qos,
      shared: route.shared,
      worker_count: route.workerCount,
      retained: route.retained,
      middleware: route.middleware,
    })),
  })

  testRoute = async ({ payload, principal }: Context<unknown, z.output<typeof RouteTestBody>>) => {
    const text =
      typeof payload.payload === 'string' ? payload.payload : JSON.stringify(payload.payload)
    return this.#parts.dryRun({ topic: payload.topic, payload: Buffer.from(text), principal })
  }

  /** As if it had come by MQTT from whoever asks; what a route refuses is refused here. */
  publish = async ({ payload, principal }: Context<unknown, z.output<typeof RouteTestBody>>) => {
    const text =
      typeof payload.payload === 'string' ? payload.payload : JSON.stringify(payload.payload)
    const message = { topic: payload.topic, payload: Buffer.from(text), principal }
    const trial = await this.#parts.dryRun(message)
    const refusal = trial.steps.find(({ outcome }) => outcome === 'refuse')
    if (refusal) throw new InvalidPayload(`${refusal.step}: ${refusal.reason ?? refusal.code}`)
    return { status: await this.#parts.publish(message), topic: payload.topic }
  }

  /** Says where to listen, and makes every process tell what happens there for half a minute. */
  watch = async () => {
    await this.#parts.activity.watch()
    return { channel: ACTIVITY_CHANNEL, seconds: 30 }
  }

  drain = async (context: Context<IdParam>) => {
    const { max } = context.query as z.output<typeof DrainQuery>
    return { messages: await this.#parts.sessions.drain(self(context), context.params.id, max) }
  }
}
