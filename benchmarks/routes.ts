import { ownWork } from '../services/notifications/acceptance.ts'
import { Dispatcher } from '../src/mqtt/dispatcher.ts'
import type { IncomingMessage } from '../src/mqtt/message.ts'
import { Router } from '../src/mqtt/router.ts'
import { systemClock as clock } from '../src/support/clock.ts'
import { createLogger } from '../src/support/logger.ts'
import { MESSAGE, openServices } from './support/open-services.ts'
import {
  compare,
  type Effort,
  type Finding,
  interleave,
  type Question,
} from './support/question.ts'
import { inFlight } from './support/queue-command.ts'

const FEW = 20
const MANY = 10_000
const MESSAGES = 1000
const PAYLOAD = Buffer.from(
  JSON.stringify({
    title: 'Reading',
    message: 'm'.repeat(110),
    data: { celsius: 21.5, sensor: 7 },
  }),
)

/** As many as one MQTT connection has under way. */
const AT_ONCE = 500

/**
 * Microseconds to bring a message from the broker to a handler, with few routes
 * declared and with many: to one that does nothing (look-up, context, JSON), and to
 * one that stores it for somebody, as every route of ours does, in the embedded store.
 */
export const routes: Question = {
  name: 'routes',
  asks: 'Does a message cost more where there are many routes?',
  needs: [],
  ask,
}

async function ask({ quick }: Effort): Promise<readonly Finding[]> {
  const { store, services } = await openServices('sqlite')
  const idle = async () => undefined
  const storing = ({ params }: { readonly params: { readonly id: string } }) =>
    services.notifications.send({ userId: params.id, message: MESSAGE, identity: ownWork })
  const rounds = quick ? 9 : 15
  const repeats = quick ? 100 : 200
  try {
    return [
      await over('a message', { handler: idle, atOnce: 1, repeats, rounds }),
      await over('a stored message', {
        ...{ handler: storing, atOnce: AT_ONCE, repeats: repeats / 10, rounds },
      }),
    ]
  } finally {
    await store.close()
  }
}

async function over(
  what: string,
  { handler, rounds, ...how }: Measuring & { handler: RouteHandler; rounds: number },
): Promise<Finding> {
  const few = table(FEW, handler)
  const many = table(MANY, handler)
  for (const warm of [few, many, few, many]) await measure(warm, how)
  const figures = await interleave(rounds, {
    few: () => measure(few, how),
    many: () => measure(many, how),
  })
  return compare(
    {
      what: `${what} at ${MANY} routes`,
      unit: 'µs',
      against: `the same at ${FEW}`,
      must: ['<=', 1.1],
    },
    figures.many,
    figures.few,
  )
}

type RouteHandler = (context: {
  readonly params: { readonly id: string }
}) => Promise<object | undefined>

interface Table {
  readonly dispatcher: Dispatcher
  readonly messages: readonly IncomingMessage[]
}

/** As many routes as asked for, and messages spread over all of them. */
function table(count: number, handler: RouteHandler): Table {
  const router = new Router()
  for (let n = 0; n < count; n++) {
    router.on(`area/${n % 100}/kind-${n}/{id}`, { qos: 1 }, (context) => handler(context))
  }
  const dispatcher = new Dispatcher({
    ...{ router, clock, prefix: '', log: createLogger('silent') },
    publisher: { publish: async () => undefined },
    onRefused: async () => {
      throw new Error('every message has a route')
    },
  })
  const messages = Array.from({ length: MESSAGES }, (_, n) => {
    const route = Math.floor((n * count) / MESSAGES) % count
    return messageOn(`area/${route % 100}/kind-${route}/device-${n}`)
  })
  return { dispatcher, messages }
}

function messageOn(topic: string): IncomingMessage {
  return {
    ...{ topic, payload: PAYLOAD, qos: 1, retained: false, meta: {}, peer: 'bench' },
    ...{ principal: null, packet: null, only: null },
    ...{ responseTopic: null, correlationData: null },
  }
}

interface Measuring {
  /** How often each message is sent. */
  readonly repeats: number
  readonly atOnce: number
}

/** Microseconds a message. */
async function measure(
  { dispatcher, messages }: Table,
  { repeats, atOnce }: Measuring,
): Promise<number> {
  const count = repeats * messages.length
  const startedAt = performance.now()
  await inFlight(atOnce, count, (n) => dispatcher.dispatch(messages[n % messages.length]!))
  return ((performance.now() - startedAt) * 1000) / count
}
