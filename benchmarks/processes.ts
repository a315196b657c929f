import { startService, startSurroundings } from '../tests/support/service.ts'
import { UNLIMITED } from './ingest.ts'
import { Intake } from './support/intake.ts'
import {
  compare,
  type Effort,
  type Finding,
  interleave,
  type Question,
} from './support/question.ts'

/**
 * Two processes that share the messages of one broker against one that has them
 * all. Broker, Redis and load need the same cores, so that on two of them the
 * most to hope for is that nothing is lost by sharing.
 */
export const processes: Question = {
  name: 'processes',
  asks: 'What do two processes take in, against one?',
  needs: ['mosquitto', 'redis-server'],
  ask,
}

async function ask({ quick }: Effort): Promise<readonly Finding[]> {
  const [one, two] = await Promise.all([serving(1), serving(2)])
  const count = quick ? 20_000 : 40_000
  try {
    for (const { intake } of [one, two]) await intake.rate(count)
    const figures = await interleave(quick ? 3 : 5, {
      one: () => one.intake.rate(count),
      two: () => two.intake.rate(count),
    })
    return [
      compare(
        {
          what: 'ingest, two processes',
          unit: 'messages/s',
          against: 'one process',
          must: ['>=', 1],
        },
        figures.two,
        figures.one,
      ),
    ]
  } finally {
    await Promise.all([one, two].map(({ stop }) => stop()))
  }
}

/** So many services on a Mosquitto and a Redis of their own. */
async function serving(count: number) {
  const surroundings = await startSurroundings('external')
  const env = { RATE_LIMIT: UNLIMITED }
  const services = await Promise.all(
    Array.from({ length: count }, () => startService({ surroundings, env })),
  )
  const intake = await Intake.open(surroundings)
  const stop = async () => {
    await intake.close()
    await Promise.all(services.map((service) => service.stop()))
    await surroundings.stop()
  }
  return { intake, stop }
}
