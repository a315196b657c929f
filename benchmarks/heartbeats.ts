import { mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
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

const DEVICES = 10_000
/** One topic is watched by a monitor, the other is read by a rule that finds nothing. */
const RULES = `
rules:
  - name: nothing
    topic: bare/{id}/telemetry
    match: ['payload.message = never']
    then:
      event: { name: never }
heartbeats:
  - id: pumps
    topic: pumps/{id}/telemetry
    timeout: 10m
`

/**
 * Device → broker in the process → the whole pipeline → the pulse is stored →
 * acknowledged; against a message to somebody, which is stored too, and against
 * the same message on a topic where nothing is.
 */
export const heartbeats: Question = {
  name: 'heartbeats',
  asks: 'What does a sign of life cost, of ten thousand devices?',
  needs: [],
  ask,
}

async function ask({ quick }: Effort): Promise<readonly Finding[]> {
  const file = join(await mkdtemp(join(tmpdir(), 'belfry-bench-')), 'rules.yml')
  await writeFile(file, RULES)
  const env = { RATE_LIMIT: UNLIMITED, RULES_FILE: file }
  const service = await startService({ parts: 'embedded', env })
  const { child: device } = await Child.start('load/mqtt-publisher.ts')
  await device.ask({ do: 'connect', port: service.mqttPort })
  const perMessage = async (topic: string, count: number) => {
    const { ms } = await device.ask<{ ms: number }>({
      ...{ do: 'publish', topic, count, users: DEVICES },
    })
    return (ms * 1000) / count
  }
  const beats = (count: number) => perMessage('pumps/%/telemetry', count)
  const bare = (count: number) => perMessage('bare/%/telemetry', count)
  let round = 0
  const plain = (count: number) => perMessage(`notifications/realtime/user/r${round++}-%`, count)
  const count = quick ? 10_000 : 30_000
  try {
    await bare(count)
    await beats(count)
    await plain(count)
    const figures = await interleave(quick ? 3 : 5, {
      bare: () => bare(count),
      beats: () => beats(count),
      plain: () => plain(count),
    })
    const what = `a beat of one of ${DEVICES} devices, durable in SQLite`
    const against = (yardstick: string, most: number, theirs: readonly number[]) =>
      compare({ what, unit: 'µs', against: yardstick, must: ['<=', most] }, figures.beats, theirs)
    return [
      against('message → inbox', 1.5, figures.plain),
      against('message that stores nothing', 3, figures.bare),
    ]
  } finally {
    await device.stop()
    await service.stop()
  }
}
