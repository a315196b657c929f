import { connectAsync, type MqttClient } from 'mqtt'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { KeptMessages } from '../../src/mqtt/kept-messages.ts'
import type { IncomingMessage } from '../../src/mqtt/message.ts'
import { systemClock } from '../../src/support/clock.ts'
import { silentLog as log } from '../support/delivery.ts'
import { requireServer, startMosquitto, type TestServer } from '../support/servers.ts'
import { waitFor } from '../support/wait-for.ts'

/** Quiet comes four times as soon. */
const clock = {
  ...systemClock,
  after: (ms: number, run: () => void) => systemClock.after(ms / 4, run),
}
/** A session that asked has ended. */
const GONE = /Client belfry-kept-\w+ (disconnected|closed)/g

const hasServer = requireServer('mosquitto')
let mosquitto: TestServer
let device: MqttClient
let kept: KeptMessages | null = null
/** What was handed in, as `topic text`. */
let taken: string[]
/** What happens while a message is being taken. */
let meanwhile: (message: IncomingMessage) => Promise<unknown>

beforeAll(async () => {
  if (!hasServer) return
  mosquitto = await startMosquitto()
  device = await connectAsync(mosquitto.url)
})
afterAll(async () => {
  await device?.endAsync()
  await mosquitto?.stop()
})
beforeEach(() => {
  taken = []
  meanwhile = async () => {}
})
afterEach(() => kept?.stop())

const keep = (topic: string, text: string) =>
  device.publishAsync(`site/${topic}`, text, { qos: 1, retain: true })
/** How often a session that asked has ended. */
const gone = () => mosquitto.log().match(GONE)?.length ?? 0

function open(): KeptMessages {
  kept = new KeptMessages({
    ...{ clientId: 'belfry', prefix: 'site/', clock, log, backoff: { minMs: 50, maxMs: 100 } },
    address: { urls: [mosquitto.url] },
    async intake(message) {
      expect(message.retained).toBe(true)
      taken.push(`${message.topic} ${message.payload}`)
      await meanwhile(message)
      return 'handled'
    },
  })
  return kept
}

/** Waits for the session of a sweep to end. */
async function swept(sweep: () => Promise<void>): Promise<void> {
  const before = gone()
  await sweep()
  await waitFor(() => gone() > before)
}

describe.runIf(hasServer)('what a broker keeps', () => {
  it('is taken once, as it was when nothing more was under way', async () => {
    await Promise.all(['a', 'b', 'c'].map((id) => keep(`gates/${id}`, 'open')))
    await device.publishAsync('other/gates/d', 'open', { qos: 1, retain: true })
    const sweeps = open()
    await swept(() => sweeps.sweep(['gates/+']))
    expect(taken.sort()).toEqual(['gates/a open', 'gates/b open', 'gates/c open'])
  })

  it('is old where news came before it was its turn: that is taken as news only', async () => {
    await Promise.all(['a', 'b', 'c'].map((id) => keep(`doors/${id}`, 'open')))
    meanwhile = async ({ topic }) => {
      const others = ['a', 'b', 'c'].filter((id) => topic !== `doors/${id}`)
      // When a second round is acknowledged the first has arrived.
      for (const text of ['ajar', 'shut']) {
        await Promise.all(others.map((id) => keep(`doors/${id}`, text)))
      }
    }
    const sweeps = open()
    await swept(() => sweeps.sweep(['doors/+']))
    expect(taken).toEqual([expect.stringMatching(/^doors\/[abc] open$/)])
  })

  it('is put right by news that may have been taken while it was', async () => {
    await keep('valves/a', 'open')
    let news = ['ajar', 'shut']
    meanwhile = async () => {
      for (const text of news) await keep('valves/a', text)
      news = []
    }
    const sweeps = open()
    await swept(() => sweeps.sweep(['valves/+']))
    expect(taken).toEqual(['valves/a open', 'valves/a shut'])
  })

  it('is asked for by the last of several at once, and by none once it is over', async () => {
    await keep('fans/a', 'on')
    const sweeps = open()
    const before = gone()
    await Promise.all([
      sweeps.sweep(['fans/+']),
      sweeps.sweep(['none/+']),
      sweeps.sweep(['fans/+']),
    ])
    await waitFor(() => gone() > before)
    expect(taken).toEqual(['fans/a on'])
    await Promise.all([sweeps.sweep(['fans/+']), sweeps.stop()])
    await swept(() => open().sweep(['gates/+']))
    expect(gone() - before).toBe(2)
    expect(taken.filter((text) => text.startsWith('fans'))).toHaveLength(1)
  })
})
