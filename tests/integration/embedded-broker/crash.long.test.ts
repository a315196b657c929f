import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import mqtt, { type Packet } from 'mqtt'
import { expect, test } from 'vitest'
import { freePort } from '../../support/free-port.ts'
import { waitFor } from '../../support/wait-for.ts'
import { ChildBroker } from './child-broker.ts'
import { atEnd, connect, received, temporaryDirectory } from './harness.ts'

const EACH = 300

/** mqtt.js sends again without DUP, against [MQTT-3.3.1-1]; other clients do as they should. */
class MarkingStore extends mqtt.Store {
  override put(packet: Packet, done?: () => void): this {
    return super.put(
      packet.cmd === 'publish' ? { ...packet, dup: true } : packet,
      done ?? (() => {}),
    )
  }
}

function takenBodies(directory: string): string[] {
  const database = new DatabaseSync(join(directory, 'taken.db'), { readOnly: true })
  try {
    return database
      .prepare('SELECT body FROM taken')
      .all()
      .map((row) => String(row.body))
  } finally {
    database.close()
  }
}

test('nothing that was acknowledged is lost when the broker is killed again and again', async () => {
  const directory = await temporaryDirectory()
  const port = await freePort()
  let child = await ChildBroker.start(directory, port)
  const client = await mqtt.connectAsync(child.url, {
    clientId: 'device',
    clean: false,
    reconnectPeriod: 20,
    outgoingStore: new MarkingStore(),
  })
  client.on('error', () => {})
  atEnd(() => client.endAsync(true))

  const acknowledged = new Set<string>()
  const bodies = Array.from({ length: 2 * EACH }, (_, n) => `qos${(n % 2) + 1}-${n}`)
  async function publishFrom(start: number): Promise<void> {
    for (let n = start; n < bodies.length; n += 20) {
      const body = bodies[n]!
      await client.publishAsync('events/a', body, { qos: body.startsWith('qos1') ? 1 : 2 })
      acknowledged.add(body)
    }
  }
  const publishing = Promise.all(Array.from({ length: 20 }, (_, lane) => publishFrom(lane)))

  for (const share of [0.15, 0.35, 0.55, 0.8]) {
    const target = Math.floor((share + Math.random() * 0.1) * bodies.length)
    await waitFor(() => acknowledged.size >= target, { message: 'publishing stalled' })
    await child.kill()
    const kept = new Set(takenBodies(directory))
    expect([...acknowledged].filter((body) => !kept.has(body))).toEqual([])
    child = await ChildBroker.start(directory, port)
  }
  await publishing
  const taken = takenBodies(directory)
  expect(new Set(taken)).toEqual(new Set(bodies))
  const twoStep = taken.filter((body) => body.startsWith('qos2'))
  expect(twoStep).toHaveLength(EACH)
})

test('sessions, their queues in order, and retained messages outlive a kill -9', async () => {
  const directory = await temporaryDirectory()
  const port = await freePort()
  let child = await ChildBroker.start(directory, port)
  const session = { clientId: 'panel', clean: false, reconnectPeriod: 0 }
  const panel = await connect(child.url, session)
  await panel.subscribeAsync(['home/#', 'office/+'], { qos: 2 })
  await panel.endAsync()

  const publisher = await connect(child.url, { clientId: 'sensor' })
  publisher.on('error', () => {})
  const bodies = Array.from({ length: 100 }, (_, n) => `home/a ${n}`)
  await Promise.all(
    bodies.map((_, n) => publisher.publishAsync('home/a', String(n), { qos: n % 2 ? 2 : 1 })),
  )
  await publisher.publishAsync('state/door', 'open', { qos: 1, retain: true })
  await child.kill()

  child = await ChildBroker.start(directory, port)
  const again = await connect(child.url, session)
  const messages = received(again)
  await waitFor(() => messages.length >= 100)
  const ofQos = (qos: number) => bodies.filter((_, n) => (n % 2 ? 2 : 1) === qos)
  expect(messages.filter((each) => ofQos(1).includes(each))).toEqual(ofQos(1))
  expect(messages.filter((each) => ofQos(2).includes(each))).toEqual(ofQos(2))
  expect(messages).toHaveLength(100)

  const other = await connect(child.url)
  const kept = received(other)
  await other.subscribeAsync('state/#')
  await waitFor(() => kept.length === 1)
  expect(kept).toEqual(['state/door open'])

  // Everything was acknowledged, so nothing comes again.
  await again.endAsync()
  const third = await connect(child.url, session)
  const repeated = received(third)
  await other.publishAsync('office/x', 'last', { qos: 1 })
  await waitFor(() => repeated.length > 0)
  expect(repeated).toEqual(['office/x last'])
})

test('a second process is told that the file is in use', async () => {
  const directory = await temporaryDirectory()
  const child = await ChildBroker.start(directory)
  const { startBroker } = await import('./harness.ts')
  await expect(startBroker({ dataFile: join(directory, 'broker.db') })).rejects.toMatchObject({
    code: 'unavailable',
    message: expect.stringContaining('another process'),
  })
  await child.kill()
})
