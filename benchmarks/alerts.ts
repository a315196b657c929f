import { startService } from '../tests/support/service.ts'
import { UNLIMITED } from './ingest.ts'
import { Child } from './support/child.ts'
import { compare, type Effort, type Finding, type Question, quantile } from './support/question.ts'

const PER_SECOND = 500
const ALERT_EVERY = 20

interface Delays {
  readonly messages: readonly number[]
  readonly alerts: readonly number[]
}

/**
 * From publishing a critical alert to the first thing that somebody gets of it,
 * which leaves with the write that hands it to his channels; against ordinary
 * messages to him that are published at the same time.
 */
export const alerts: Question = {
  name: 'alerts',
  asks: 'How long does a critical alert take to whoever is on call?',
  needs: ['mosquitto', 'redis-server'],
  ask,
}

async function ask({ quick }: Effort): Promise<readonly Finding[]> {
  const service = await startService({ parts: 'external', env: { RATE_LIMIT: UNLIMITED } })
  const { child: probe } = await Child.start('load/alert-probe.ts', [service.mqttUrl, service.url])
  const count = quick ? 1_000 : 2_000
  const command = { perSecond: PER_SECOND, count, alertEvery: ALERT_EVERY }
  try {
    await probe.ask<Delays>(command)
    const rounds: Delays[] = []
    for (let n = 0; n < (quick ? 3 : 7); n++) rounds.push(await probe.ask<Delays>(command))
    const finding = (name: string, at: number, most: number) =>
      compare(
        {
          what: `critical alert → WebSocket among ${PER_SECOND} messages/s, ${name}`,
          unit: 'ms',
          against: 'message → WebSocket',
          must: ['<=', most],
        },
        rounds.map((round) => quantile(round.alerts, at)),
        rounds.map((round) => quantile(round.messages, at)),
      )
    return [finding('p50', 0.5, 8), finding('p99', 0.99, 5)]
  } finally {
    await probe.stop()
    await service.stop()
  }
}
