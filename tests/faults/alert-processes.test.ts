import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { requireServer } from '../support/servers.ts'
import { waitFor } from '../support/wait-for.ts'
import { note } from './support/figures.ts'
import { canMoveClocks, MovedClock } from './support/moved-clock.ts'
import { Stage } from './support/stage.ts'
import type { Json } from './support/store-view.ts'

const hasServers = requireServer('mosquitto') && requireServer('redis-server')
const AT_ONCE = 20

/** First ada, a minute later joan, then nobody for hours. */
const POLICY = {
  ...{ id: 'pumps', name: 'Pumps', alert_types: ['pump'], repeat: 0 },
  steps: [
    { targets: [{ type: 'user', id: 'ada' }], delay_minutes: 1 },
    { targets: [{ type: 'user', id: 'joan' }], delay_minutes: 6000 },
  ],
}

let stage: Stage
let clock: MovedClock
beforeEach(async () => {
  clock = await MovedClock.open()
  stage = await Stage.open({ parts: 'external', env: clock.env })
  await stage.addService()
  await stage.http('POST', '/api/escalation-policies', POLICY)
})
afterEach(() => stage?.close())

/** Does something with everything, so many at once, one process after the other. */
async function each<In, Out>(all: readonly In[], run: (one: In, at: number) => Promise<Out>) {
  const done: Out[] = []
  const queue = [...all.entries()]
  const worker = async () => {
    for (let next = queue.shift(); next; next = queue.shift()) {
      done[next[0]] = await run(next[1], next[0] % stage.services.length)
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, worker))
  return done
}

const call = async (at: number, method: string, path: string, body?: object): Promise<Json> =>
  (await stage.services[at]!.api(method, path, body)).body
const raise = (count: number) =>
  each(
    Array.from({ length: count }, (_, n) => `pump-${n}`),
    async (source, at) =>
      (await call(at, 'POST', '/api/alerts', { type: 'pump', message: 'Stopped', source }))
        .alert_id,
  )
const words = (ids: readonly string[]) =>
  each(ids, async (id, at) =>
    (await call(at, 'GET', `/api/alerts/${id}`)).log.map(({ what }: Json) => what as string),
  )
const count = (log: readonly string[], word: string) => log.filter((one) => one === word).length
/** Of each of these so many tellings are done. */
const told = (ids: readonly string[], times: number) =>
  waitFor(async () => (await words(ids)).every((log) => count(log, 'notified') >= times), {
    deadlineMs: 120_000,
  })

describe.runIf(hasServers && canMoveClocks)('alerts on two processes, Mosquitto and Redis', () => {
  it('each step is told once, whichever process does it', async () => {
    const ids = await raise(60)
    await told(ids, 1)
    await clock.set(70)
    await told(ids, 2)
    await stage.idle('alert')
    for (const log of await words(ids)) {
      expect([count(log, 'notified'), count(log, 'escalated')]).toEqual([2, 1])
    }
    const { data } = await stage.http('GET', '/api/notifications?user_id=joan&limit=100')
    expect(data).toHaveLength(60)
    expect(stage.crashes()).toEqual([])
  })

  it('[reliability 20] a thousand acknowledgements raced against due escalations: none escalates after one was accepted', async () => {
    const ids = await raise(1000)
    await told(ids, 1)
    let minute: Promise<void> | null = null
    const answers = await each(ids, (id, at) => {
      if (id === ids[300]) minute = clock.set(70)
      return call(at, 'POST', `/api/alerts/${id}/ack`, {})
    })
    await minute
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set(['acknowledged']))
    await stage.idle('alert')
    const logs = await words(ids)
    for (const log of logs) {
      expect(count(log, 'acknowledged')).toBe(1)
      expect(count(log, 'escalated')).toBeLessThanOrEqual(1)
      expect(log.slice(log.indexOf('acknowledged'))).not.toContain('escalated')
    }
    const escalated = logs.filter((log) => log.includes('escalated')).length
    note('acknowledgements raced on two processes', { escalated, acknowledged: ids.length })
    // Both sides must have won somewhere, else nothing was raced.
    expect(escalated).toBeGreaterThan(0)
    expect(escalated).toBeLessThan(ids.length)
    expect(stage.crashes()).toEqual([])
  })
})
