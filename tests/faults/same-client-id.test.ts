import { expect, it } from 'vitest'
import { requireServer, startRedis } from '../support/servers.ts'
import { startService } from '../support/service.ts'
import { waitFor } from '../support/wait-for.ts'
import { note } from './support/figures.ts'
import { Stage } from './support/stage.ts'

/** In what both alarms say: a broker that tells us, and one that only cuts us. */
const ALARM = 'set MQTT_CLIENT_ID'

const hasServers = requireServer('mosquitto') && requireServer('redis-server')

it.runIf(hasServers)(
  'two services that use one client id without sharing a store say so, and do not storm',
  async () => {
    const stage = await Stage.open({ parts: 'external' })
    const redis = await startRedis()
    const surroundings = {
      ...stage.surroundings,
      env: { ...stage.surroundings.env, REDIS_URL: redis.url },
    }
    const stranger = await startService({ surroundings, env: { MQTT_RETRY_MIN_DELAY: '1' } })
    try {
      const startedAt = performance.now()
      await waitFor(
        () => [stage.service, stranger].some((service) => service.log().includes(ALARM)),
        { deadlineMs: 60_000, message: 'nobody raised an alarm' },
      )
      const alarmMs = performance.now() - startedAt
      const [before, since] = [connects(stage), performance.now()]
      await new Promise((resolve) => setTimeout(resolve, 3_000))
      const perSecond = ((connects(stage) - before) * 1000) / (performance.now() - since)
      note('one client id twice', {
        'alarm after ms': Math.round(alarmMs),
        'connects a second': perSecond.toFixed(1),
      })
      // Eight sessions each; a storm would be hundreds.
      expect(perSecond).toBeLessThan(60)
      expect((await stage.service.api('GET', '/livez')).status).toBe(200)
      expect((await stranger.api('GET', '/livez')).status).toBe(200)
      expect(stage.crashes()).toEqual([])
    } finally {
      await stranger.stop()
      await stage.close()
      await redis.stop()
    }
  },
)

function connects(stage: Stage): number {
  return stage.mosquitto.log().split('New client connected').length - 1
}
