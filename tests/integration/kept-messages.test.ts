import { connectAsync } from 'mqtt'
import { expect, it } from 'vitest'
import { KeptMessages } from '../../src/mqtt/kept-messages.ts'
import type { IncomingMessage } from '../../src/mqtt/message.ts'
import { systemClock as clock } from '../../src/support/clock.ts'
import { silentLog as log } from '../support/delivery.ts'
import { requireServer, startMosquitto } from '../support/servers.ts'
import { waitFor } from '../support/wait-for.ts'

/** The session that asked has ended. */
const GONE = /Client belfry-kept-\w+ (disconnected|closed)/g

it.runIf(requireServer('mosquitto'))(
  'what a broker keeps is taken once; news of a topic makes its kept message old',
  async () => {
    const mosquitto = await startMosquitto()
    const device = await connectAsync(mosquitto.url)
    const taken: IncomingMessage[] = []
    const keep = (id: string, text: string) =>
      device.publishAsync(`site/gates/${id}`, text, { qos: 1, retain: true })
    const kept = new KeptMessages({
      ...{ clientId: 'belfry', prefix: 'site/', clock, log, backoff: { minMs: 50, maxMs: 100 } },
      address: { urls: [mosquitto.url] },
      async intake(message) {
        taken.push(message)
        // News of the others; when a second round is acknowledged the first has arrived.
        const others = ['a', 'b', 'c'].filter((id) => message.topic !== `gates/${id}`)
        for (const text of ['ajar', 'shut']) {
          await Promise.all(others.map((id) => keep(id, text)))
        }
        return 'handled'
      },
    })
    try {
      await Promise.all(['a', 'b', 'c'].map((id) => keep(id, 'open')))
      await device.publishAsync('other/gates/d', 'open', { qos: 1, retain: true })
      await kept.sweep(['gates/+'])
      await waitFor(() => taken.length > 0, { deadlineMs: 5_000 })
      await waitFor(() => device.connected && mosquitto.log().match(GONE)?.length === 1)
      expect(taken).toHaveLength(1)
      expect(taken[0]).toMatchObject({
        ...{ topic: expect.stringMatching(/^gates\/[abc]$/), retained: true },
        payload: Buffer.from('open'),
      })
      await kept.sweep(['gates/+'])
      await waitFor(() => taken.length > 1, { deadlineMs: 5_000 })
      expect(taken[1]!.payload.toString()).toMatch(/open|shut/)
    } finally {
      await kept.stop()
      await device.endAsync()
      await mosquitto.stop()
    }
  },
)
