import { Dispatcher } from '../src/mqtt/dispatcher.ts'
import type { IncomingMessage } from '../src/mqtt/message.ts'
import { Router } from '../src/mqtt/router.ts'
import { systemClock as clock } from '../src/support/clock.ts'
import { createLogger } from '../src/support/logger.ts'
import {
  compare,
  type Effort,
  type Finding,
  interleave,
  type Question,
} from './support/question.ts'

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

/**
 * Microseconds to bring a message from the broker to a handler that does nothing
 * (look-up, context, JSON), with few routes declared and with many.
 */
export const routes: Question = {
  name: 'routes',
  asks: 'Does a message cost more where there are many routes?',
  needs: [],
  ask,
}

async function ask({ quick }: Effort): Promise<readonly Finding[]> {
  const few = table(FEW)
  const many = table(MANY)
  const repeats = quick ? 100 : 200
  for (const warm of [few, many, few, many]) await measure(warm, repeats)
  const figures = await interleave(quick ? 9 : 15, {
    few: () => measure(few, repeats),
    many: () => measure(many, repeats),
  })
  const what = `a message at ${MANY} routes`
  return [
    compare(
      { what, unit: 'µs', against: `the same at ${FEW}`, must: ['<=', 1.1] },
      figures.many,
      figures.few,
    ),
  ]
}

interface Table {
  readonly dispatcher: Dispatcher
  readonly messages: readonly IncomingMessage[]
}

/** As many routes as asked for, and messages spread over all of them. */
function table(count: number): Table {
  const router = new Router()
  for (let n = 0; n < count; n++) {
    router.on(`area/${n % 100}/kind-${n}/{id}`, { qos: 1 }, async () => undefined)
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

/** Microseconds a message, one after the other. */
async function measure({ dispatcher, messages }: Table, repeats: number): Promise<number> {
  const startedAt = performance.now()
  for (let n = 0; n < repeats; n++) {
    for (const message of messages) await dispatcher.dispatch(message)
  }
  return ((performance.now() - startedAt) * 1000) / (repeats * messages.length)
}
