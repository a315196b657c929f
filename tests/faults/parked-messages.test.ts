import { expect, it } from 'vitest'
import { requireServer, startMosquitto } from '../support/servers.ts'
import { waitFor } from '../support/wait-for.ts'
import { note } from './support/figures.ts'
import { Sender } from './support/sender.ts'
import { Stage } from './support/stage.ts'

/** As many as an inbox keeps. */
const PARKED = 100
/** A lease on its slot would keep it waiting for more than twenty. */
const HANDLED_MS = 15_000

it.runIf(requireServer('mosquitto'))(
  'the one process of an embedded store is killed: what the broker kept for it is handled at once by the next',
  async () => {
    const mosquitto = await startMosquitto({ config: 'max_inflight_messages 0' })
    const surroundings = {
      ...{ parts: 'embedded' as const, mosquitto, redis: null },
      ...{ env: { MQTT_URL: mosquitto.url }, stop: () => mosquitto.stop() },
    }
    const stage = await Stage.open({ parts: 'embedded', surroundings })
    const sender = await Sender.connect(mosquitto.url, { version: '5' })
    try {
      await stage.service.kill()
      const messages = Array.from({ length: PARKED }, (_, n) => ({
        ...{ topic: 'notifications/realtime/user/ada', payload: { message: `${n}` } },
        qos: 1 as const,
      }))
      await sender.send(messages)
      await stage.service.restart()
      const readyAt = performance.now()
      await waitFor(async () => (await unread(stage)) >= PARKED, {
        deadlineMs: 40_000,
        message: 'what was parked was not handled',
      })
      const handledMs = performance.now() - readyAt
      note('parked for a killed process', { messages: PARKED, 'handled ms': Math.round(handledMs) })
      expect(handledMs).toBeLessThan(HANDLED_MS)
      expect(await unread(stage)).toBe(PARKED)
    } finally {
      await sender.close()
      await stage.close()
    }
  },
)

async function unread(stage: Stage): Promise<number> {
  return (await stage.http('GET', '/api/notifications?user_id=ada')).unread_count
}
