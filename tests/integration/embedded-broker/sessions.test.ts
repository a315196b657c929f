import { join } from 'node:path'
import mqtt from 'mqtt'
import { expect, test } from 'vitest'
import { FakeClock } from '../../support/fake-clock.ts'
import { waitFor } from '../../support/wait-for.ts'
import { atEnd, connect, received, startBroker, temporaryDirectory } from './harness.ts'

const DAY_MS = 24 * 60 * 60 * 1000

test('a message that several filters of a session match is queued and delivered once', async () => {
  const { broker, url } = await startBroker()
  const session = { clientId: 'panel', clean: false }
  const panel = await connect(url, session)
  await panel.subscribeAsync(['home/#', 'home/+', 'home/a'], { qos: 1 })
  const messages = received(panel)
  const publisher = await connect(url)
  await publisher.publishAsync('home/a', 'here', { qos: 1 })
  await waitFor(() => messages.length === 1)
  await waitFor(() => broker.status().queued === 0)
  await panel.endAsync()
  await publisher.publishAsync('home/a', 'away', { qos: 2 })
  expect(broker.status().queued).toBe(1)
  const again = await connect(url, session)
  const late = received(again)
  await waitFor(() => broker.status().queued === 0)
  expect(messages).toEqual(['home/a here'])
  await publisher.publishAsync('home/b', 'end', { qos: 1 })
  await waitFor(() => late.includes('home/b end'))
  expect(late).toEqual(['home/a away', 'home/b end'])
})

test('new messages wait behind those that were queued, and none comes twice', async () => {
  const { broker, url } = await startBroker()
  const session = { clientId: 'panel', clean: false }
  const panel = await connect(url, session)
  await panel.subscribeAsync('home/#', { qos: 1 })
  await panel.endAsync()
  const publisher = await connect(url)
  const publish = (n: number) => publisher.publishAsync('home/a', String(n), { qos: 1 })
  const numbers = Array.from({ length: 1500 }, (_, n) => n)
  await Promise.all(numbers.slice(0, 1000).map(publish))
  const connecting = connect(url, session)
  for (const n of numbers.slice(1000)) await publish(n)
  const messages = received(await connecting)
  await waitFor(() => messages.length >= 1500, { message: `only ${messages.length}` })
  await waitFor(() => broker.status().queued === 0)
  expect(messages).toEqual(numbers.map((n) => `home/a ${n}`))
})

test('what was sent but not acknowledged comes again, marked as a duplicate', async () => {
  const { broker, url } = await startBroker()
  const session = { clientId: 'panel', clean: false }
  const panel = await connect(url, session)
  await panel.subscribeAsync('home/#', { qos: 1 })
  const seen: boolean[] = []
  panel.handleMessage = ({ dup }) => void seen.push(dup)
  await broker.publisher.publish('home/a', 'x')
  await waitFor(() => seen.length === 1)
  panel.stream.destroy()
  await waitFor(() => broker.clients().length === 0)
  await broker.publisher.publish('home/a', 'y')
  const again = mqtt.connect(url, session)
  atEnd(() => again.endAsync(true))
  const messages: string[] = []
  again.on('message', (_topic, payload, { dup }) => messages.push(`${payload} ${dup}`))
  await waitFor(() => messages.length === 2)
  expect(seen).toEqual([false])
  expect(messages).toEqual(['x true', 'y false'])
})

test('a message is delivered with no more QoS than was asked for', async () => {
  const { url } = await startBroker()
  const granted: number[] = []
  const subscriber = await connect(url)
  subscriber.on('message', (_topic, _payload, { qos }) => granted.push(qos))
  const publisher = await connect(url)
  await publisher.publishAsync('home/kept', 'x', { qos: 2, retain: true })
  await subscriber.subscribeAsync('home/+', { qos: 1 })
  await waitFor(() => granted.length === 1)
  await publisher.publishAsync('home/a', 'x', { qos: 2 })
  await publisher.publishAsync('home/a', 'x', { qos: 0 })
  await waitFor(() => granted.length === 3)
  expect(granted).toEqual([1, 1, 0])
})

test('a clean session takes nothing over from an earlier one', async () => {
  const { broker, url } = await startBroker()
  const panel = await connect(url, { clientId: 'panel', clean: false })
  await panel.subscribeAsync('home/#', { qos: 1 })
  await panel.endAsync()
  const publisher = await connect(url)
  await publisher.publishAsync('home/a', 'x', { qos: 1 })
  expect(broker.status()).toMatchObject({ queued: 1, sessions: 1 })
  await connect(url, { clientId: 'panel', clean: true })
  expect(broker.status()).toMatchObject({ queued: 0, sessions: 0 })
})

test('a session that nobody used for seven days ends; one in use does not', async () => {
  const clock = new FakeClock()
  const { broker, url } = await startBroker({ clock })
  const gone = await connect(url, { clientId: 'gone', clean: false })
  await gone.subscribeAsync('home/#', { qos: 1 })
  await gone.endAsync()
  await connect(url, { clientId: 'here', clean: false, keepalive: 0 })
  await waitFor(() => broker.clients().length === 1)
  expect(broker.status().sessions).toBe(2)
  clock.advance(6 * DAY_MS)
  await waitFor(() => broker.status().sessions === 2)
  clock.advance(2 * DAY_MS)
  await waitFor(() => broker.status().sessions === 1)
  expect(broker.clients().map(({ clientId }) => clientId)).toEqual(['here'])
})

test('sessions and retained messages are there again after a stop; wills are not sent for it', async () => {
  const dataFile = join(await temporaryDirectory(), 'broker.db')
  const first = await startBroker({ dataFile })
  const will = { topic: 'events/gone', payload: Buffer.from('{}'), qos: 1, retain: false } as const
  const panel = await connect(first.url, { clientId: 'panel', clean: false, will })
  await panel.subscribeAsync('home/#', { qos: 1 })
  await panel.publishAsync('home/state', 'on', { qos: 1, retain: true })
  await first.broker.stop()
  expect(first.taken).toEqual([])

  const second = await startBroker({ dataFile })
  expect(second.broker.status()).toMatchObject({ sessions: 1 })
  await second.broker.publisher.publish('home/a', 'while away')
  const again = await connect(second.url, { clientId: 'panel', clean: false })
  const messages = received(again)
  await waitFor(() => messages.includes('home/a while away'))
})

test('a subscriber that reads nothing does not hold back the others for ever', async () => {
  const { url } = await startBroker()
  const slow = await connect(url, { clientId: 'slow', keepalive: 0 })
  await slow.subscribeAsync('big', { qos: 0 })
  slow.stream.pause()
  const brisk = await connect(url)
  const messages = received(brisk)
  await brisk.subscribeAsync('small', { qos: 0 })
  const publisher = await connect(url)
  for (let n = 0; n < 60; n++)
    await publisher.publishAsync('big', Buffer.alloc(200_000), { qos: 1 })
  await publisher.publishAsync('small', 'x', { qos: 1 })
  await waitFor(() => messages.length === 1)
})
