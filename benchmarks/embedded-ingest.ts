import { startService } from '../tests/support/service.ts'
import { UNLIMITED } from './ingest.ts'
import { Child } from './support/child.ts'
import {
  compare,
  type Effort,
  type Finding,
  interleave,
  type Question,
} from './support/question.ts'

const USERS = 1000

/**
 * Publisher → broker in the process → the whole pipeline → durable in SQLite →
 * acknowledged, in messages per second until the last acknowledgement.
 */
export const embeddedIngest: Question = {
  name: 'embedded-ingest',
  asks: 'How fast do messages get into the embedded store?',
  needs: [],
  ask,
}

async function ask({ quick }: Effort): Promise<readonly Finding[]> {
  const service = await startService({ parts: 'embedded', env: { RATE_LIMIT: UNLIMITED } })
  const { child: toUs } = await Child.start('load/mqtt-publisher.ts')
  const { child: toPeer } = await Child.start('load/mqtt-publisher.ts')
  const { child: peer, hello } = await Child.start<{ port: number }>('peers/aedes-mqtt.ts')
  await toUs.ask({ do: 'connect', port: service.mqttPort })
  await toPeer.ask({ do: 'connect', port: hello.port })

  let round = 0
  async function ours(count: number): Promise<number> {
    round += 1
    const topic = `notifications/realtime/user/r${round}-%`
    const { ms } = await toUs.ask<{ ms: number }>({ do: 'publish', topic, count, users: USERS })
    return (count * 1000) / ms
  }

  async function theirs(count: number): Promise<number> {
    await peer.ask({ do: 'expect', count })
    const startedAt = performance.now()
    const done = peer.ask({ do: 'wait' })
    await toPeer.ask({ do: 'publish', topic: 'bare/%', count, users: USERS })
    await done
    return (count * 1000) / (performance.now() - startedAt)
  }

  const count = quick ? 15_000 : 30_000
  try {
    await theirs(count)
    await ours(count)
    const rounds = quick ? 3 : 5
    const figures = await interleave(rounds, {
      theirs: () => theirs(count),
      ours: () => ours(count),
    })
    const what = 'embedded ingest, durable in SQLite'
    return [
      compare(
        { what, unit: 'messages/s', against: 'aedes → bare mqtt.js', must: ['>=', 0.4] },
        figures.ours,
        figures.theirs,
      ),
    ]
  } finally {
    await Promise.all([toUs, toPeer, peer].map((child) => child.stop()))
    await service.stop()
  }
}
