import { connectAsync, type MqttClient } from 'mqtt'
import { afterEach, describe, expect, it } from 'vitest'
import { requireServer } from '../support/servers.ts'
import { waitFor } from '../support/wait-for.ts'
import { note } from './support/figures.ts'
import { Stage } from './support/stage.ts'
import type { Json } from './support/store-view.ts'

const hasServers = requireServer('mosquitto') && requireServer('redis-server')
const DEVICES = 200
const TIMEOUT_MS = 4_000
const BEAT_EVERY_MS = 700

let stage: Stage
let device: MqttClient
let beating: NodeJS.Timeout
afterEach(async () => {
  clearInterval(beating)
  await device?.endAsync(true)
  await stage?.close()
})

/** Devices that beat for as long as they are not silenced. */
async function open() {
  stage = await Stage.open({ parts: 'external' })
  await stage.addService()
  await stage.http('POST', '/api/heartbeats', {
    ...{ id: 'pumps', topic: 'pumps/{id}/telemetry', timeout_seconds: TIMEOUT_MS / 1000 },
  })
  device = await connectAsync(stage.service.mqttUrl, { reconnectPeriod: 100 })
  device.on('error', () => undefined)
  const loud = new Set(Array.from({ length: DEVICES }, (_, n) => `p${n}`))
  const beat = () => {
    if (!device.connected) return
    for (const id of loud) device.publish(`pumps/${id}/telemetry`, '{"v":1}', { qos: 0 })
  }
  beating = setInterval(beat, BEAT_EVERY_MS)
  await waitFor(
    async () => {
      const answers = await Promise.all(
        stage.services.map(({ api }) =>
          api('POST', '/api/routes/test', { topic: 'pumps/p1/telemetry', payload: 1 }),
        ),
      )
      return answers.every(({ body }) =>
        (body.steps ?? []).some(({ step }: Json) => step === 'heartbeat'),
      )
    },
    { message: 'the monitor is not known to both' },
  )
  await lasts(2 * BEAT_EVERY_MS)
  return { loud }
}

/** Something goes on for so long. */
function lasts(ms: number): Promise<unknown> {
  const from = performance.now()
  return waitFor(() => performance.now() - from >= ms, { deadlineMs: ms + 5_000 })
}

/** Every alert there has been, by the device that it is about. */
async function alerts(at = stage.services.at(-1)!): Promise<Json[]> {
  const { body } = await at.api('GET', '/api/alerts?limit=100&status=all')
  return body.data.filter(({ type }: Json) => type === 'device_silent')
}

const idsOf = (found: readonly Json[]) => found.map(({ labels }) => labels.id).sort()

describe.runIf(hasServers)('[G-22] heartbeats while things break', () => {
  it('a process is killed between a beat and its end: who is silent is told once, by the other; nobody else is', async () => {
    const { loud } = await open()
    loud.delete('p7')
    const silentSince = Date.now()
    await stage.services[0]!.kill()
    const [alert] = await waitFor(async () => {
      const found = await alerts()
      return found.length > 0 ? found : null
    })
    const took = Date.parse(alert.created_at) - silentSince
    note('heartbeats, one of two killed', { 'silence noticed after ms': took })
    // The other neither waits for a lease of the dead one nor begins to count anew.
    expect(took).toBeLessThan(2 * TIMEOUT_MS)

    // Both are away for longer than the time-out; whoever comes back waits a whole one.
    await stage.services[1]!.kill()
    await lasts(TIMEOUT_MS + 2_000)
    await Promise.all(stage.services.map((service) => service.restart()))
    await lasts(TIMEOUT_MS + 3_000)
    expect(idsOf(await alerts())).toEqual(['p7'])
    expect((await alerts())[0].count).toBe(1)
    loud.add('p7')
    await waitFor(async () => (await alerts()).every(({ status }) => status === 'resolved'))
    expect(stage.crashes()).toEqual([])
  })

  it('an outage of the broker, longer than the time-out, raises no storm', async () => {
    const { loud } = await open()
    await stage.mosquitto.stop()
    await lasts(TIMEOUT_MS + 3_000)
    expect(await alerts()).toEqual([])
    await stage.mosquitto.restart()
    await lasts(TIMEOUT_MS + 4_000)
    expect(await alerts()).toEqual([])
    loud.delete('p9')
    await waitFor(async () => idsOf(await alerts()).join() === 'p9')
    expect(stage.crashes()).toEqual([])
  })
})
