import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { requireServer } from '../support/servers.ts'
import type { Parts } from '../support/service.ts'
import { waitFor } from '../support/wait-for.ts'
import { canMoveClocks, MovedClock } from './support/moved-clock.ts'
import { Stage } from './support/stage.ts'
import type { Json } from './support/store-view.ts'

const HOUR = 3600
const hasServers = requireServer('mosquitto') && requireServer('redis-server')
const PARTS: readonly Parts[] = hasServers ? ['embedded', 'external'] : ['embedded']

let stage: Stage
let clock: MovedClock
afterEach(() => stage?.close())

/** First ada, a minute later joan, then nobody for hours. */
const POLICY = {
  ...{ id: 'pumps', name: 'Pumps', alert_types: ['pump'], repeat: 0 },
  steps: [
    { targets: [{ type: 'user', id: 'ada' }], delay_minutes: 1 },
    { targets: [{ type: 'user', id: 'joan' }], delay_minutes: 6000 },
  ],
}

const heard = async (user: string): Promise<string[]> =>
  (await stage.http('GET', `/api/notifications?user_id=${user}&limit=100`)).data.map(
    ({ title }: Json) => title,
  )
const raise = async (source = 'pump-7'): Promise<string> =>
  (await stage.http('POST', '/api/alerts', { type: 'pump', message: 'Stopped', source })).alert_id
const show = (id: string) => stage.http('GET', `/api/alerts/${id}`)
const comes = (user: string, count: number) =>
  waitFor(async () => (await heard(user)).length >= count, {
    message: `${user} did not hear ${count} times`,
  })
/** Long enough for whatever is due to be done: the service looks four times a second. */
const settled = async () => {
  const marker = await raise(`marker-${Math.random()}`)
  await waitFor(async () => (await show(marker)).log.some(({ what }: Json) => what === 'notified'))
}

describe.runIf(canMoveClocks).each(PARTS)(
  '[reliability 12] on %s, with a clock that is moved',
  (parts) => {
    beforeEach(async () => {
      clock = await MovedClock.open()
      stage = await Stage.open({ parts, env: clock.env })
      await stage.http('POST', '/api/escalation-policies', POLICY)
    })

    it('a step is told once: not when the clock is set back an hour, and not again when it is set right', async () => {
      const id = await raise()
      await comes('ada', 1)
      await waitFor(async () => (await show(id)).log.some(({ what }: Json) => what === 'notified'))
      const before = await show(id)
      await clock.set(-HOUR)
      await settled()
      expect(await show(id)).toEqual(before)
      expect(await heard('joan')).toEqual([])
      await clock.set(70)
      await comes('joan', 1)
      await clock.set(-HOUR)
      await clock.set(80)
      await settled()
      const { log, step } = await show(id)
      expect(step).toBe(1)
      expect(log.filter(({ what }: Json) => what === 'escalated')).toHaveLength(1)
      expect((await heard('joan')).length).toBeGreaterThan(0)
    })

    it('a step that became due while the process was dead is told once, and so is the end of a silence', async () => {
      await stage.http('POST', '/api/silences', {
        ...{ id: 'drill', matchers: ['source=quiet'], for: '10m', comment: 'drill' },
      })
      const id = await raise()
      const quiet = await raise('quiet')
      await comes('ada', 1)
      await waitFor(async () =>
        (await show(quiet)).log.some(({ what }: Json) => what === 'silenced'),
      )
      await stage.service.kill()
      await clock.set(15 * 60)
      await stage.service.restart()
      await comes('joan', 1)
      await waitFor(async () =>
        (await show(quiet)).log.some(({ what }: Json) => what === 'notified'),
      )
      await settled()
      expect((await heard('ada')).filter((title) => title === 'CRITICAL ALERT: pump').length).toBe(
        3,
      )
      expect((await show(id)).log.filter(({ what }: Json) => what === 'escalated')).toHaveLength(1)
      expect(await stage.http('GET', '/api/silences/drill')).toMatchObject({ state: 'expired' })
    })
  },
)
