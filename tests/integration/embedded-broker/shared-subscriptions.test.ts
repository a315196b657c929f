import { expect, test } from 'vitest'
import { waitFor } from '../../support/wait-for.ts'
import { connect, received, startBroker } from './harness.ts'

test('[X-18] three members of a group get each of 3000 messages once, shared within 5 %', async () => {
  const { url } = await startBroker()
  const members = await Promise.all(Array.from({ length: 3 }, () => connect(url)))
  const inboxes = members.map(received)
  for (const member of members) await member.subscribeAsync('$share/g/jobs/+', { qos: 1 })
  const plain = await connect(url)
  const everything = received(plain)
  await plain.subscribeAsync('jobs/#', { qos: 1 })
  const other = await connect(url)
  const alone = received(other)
  await other.subscribeAsync('$share/h/jobs/#', { qos: 1 })

  const publisher = await connect(url)
  const bodies = Array.from({ length: 3000 }, (_, n) => `jobs/a ${n}`)
  await Promise.all(bodies.map((_, n) => publisher.publishAsync('jobs/a', String(n), { qos: 1 })))
  await waitFor(() => inboxes.flat().length >= 3000 && everything.length >= 3000)
  await waitFor(() => alone.length >= 3000)
  expect(new Set(inboxes.flat())).toEqual(new Set(bodies))
  expect(inboxes.flat()).toHaveLength(3000)
  expect(everything).toHaveLength(3000)
  for (const { length } of inboxes) expect(Math.abs(length - 1000)).toBeLessThanOrEqual(50)
})

test('when a member dies or leaves, the rest take over', async () => {
  const { broker, url } = await startBroker()
  const members = await Promise.all(Array.from({ length: 3 }, () => connect(url)))
  const inboxes = members.map(received)
  for (const member of members) await member.subscribeAsync('$share/g/jobs/+', { qos: 1 })
  members[0]!.stream.destroy()
  await members[1]!.unsubscribeAsync('$share/g/jobs/+')
  await waitFor(() => broker.clients().length === 2)
  const publisher = await connect(url)
  for (let n = 0; n < 100; n++) await publisher.publishAsync('jobs/a', String(n), { qos: 2 })
  await waitFor(() => inboxes[2]!.length === 100)
  expect(inboxes.map(({ length }) => length)).toEqual([0, 0, 100])
})

test('a member with a persistent session is refused, and the log says why', async () => {
  const { url, log } = await startBroker()
  const client = await connect(url, { clientId: 'keeper', clean: false })
  const outcome = await client.subscribeAsync('$share/g/jobs/+', { qos: 1 }).catch((error) => error)
  expect(outcome).toBeInstanceOf(Error)
  expect(log.join('')).toContain('clean session')
  expect(client.connected).toBe(true)
})

test('a group does not see the broker’s own topics, and gets no retained messages', async () => {
  const { url } = await startBroker()
  const publisher = await connect(url)
  await publisher.publishAsync('jobs/old', 'kept', { qos: 1, retain: true })
  const member = await connect(url)
  const messages = received(member)
  await member.subscribeAsync('$share/g/#', { qos: 1 })
  await connect(url)
  await publisher.publishAsync('jobs/new', 'x', { qos: 1 })
  await waitFor(() => messages.length > 0)
  expect(messages).toEqual(['jobs/new x'])
})

test.each(['$share/g', '$share//jobs', '$share/g+/jobs', '$share/g/', '$other/x', '$SYS'])(
  'the filter %s is refused',
  async (filter) => {
    const { url } = await startBroker()
    const client = await connect(url)
    const outcome = await client.subscribeAsync(filter).catch((error: unknown) => error)
    expect(outcome).toBeInstanceOf(Error)
  },
)
