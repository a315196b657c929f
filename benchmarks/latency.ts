import { startService } from '../tests/support/service.ts'
import { UNLIMITED } from './ingest.ts'
import { Child } from './support/child.ts'
import {
  compare,
  type Effort,
  type Finding,
  interleave,
  type Question,
  quantile,
} from './support/question.ts'

const PER_SECOND = 1000

/**
 * From publishing to the frame on a WebSocket, which leaves after the durable
 * write, at 1 000 messages a second; against a message that only crosses the broker.
 */
export const latency: Question = {
  name: 'latency',
  asks: 'How long does a message take to a WebSocket?',
  needs: ['mosquitto', 'redis-server'],
  ask,
}

async function ask({ quick }: Effort): Promise<readonly Finding[]> {
  const service = await startService({ parts: 'external', env: { RATE_LIMIT: UNLIMITED } })
  const { child: probe } = await Child.start('load/latency-probe.ts', [
    service.mqttUrl,
    service.url,
  ])
  const count = quick ? 2_000 : 4_000
  const measure = async (to: 'mqtt' | 'websocket') => {
    const { delays } = await probe.ask<{ delays: number[] }>({ to, perSecond: PER_SECOND, count })
    return { p50: quantile(delays, 0.5), p99: quantile(delays, 0.99) }
  }
  try {
    await measure('mqtt')
    await measure('websocket')
    const figures = await interleave(quick ? 5 : 9, {
      mqtt: () => measure('mqtt'),
      websocket: () => measure('websocket'),
    })
    const finding = (quantileName: 'p50' | 'p99', most: number) =>
      compare(
        {
          what: `publish → WebSocket at 1 000/s, ${quantileName}`,
          unit: 'ms',
          against: 'MQTT → MQTT',
          must: ['<=', most],
        },
        figures.websocket.map((figure) => figure[quantileName]),
        figures.mqtt.map((figure) => figure[quantileName]),
      )
    return [finding('p50', 3), finding('p99', 5)]
  } finally {
    await probe.stop()
    await service.stop()
  }
}
