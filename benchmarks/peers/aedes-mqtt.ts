/**
 * The yardstick of the embedded parts: aedes and a mqtt.js subscriber (QoS 1)
 * that does nothing, in one process.
 *
 * @module
 */

import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { Aedes } from 'aedes'
import mqtt from 'mqtt'
import { answerParent } from '../support/child.ts'

const broker = await Aedes.createBroker()
const server = createServer(broker.handle).listen(0, '127.0.0.1')
await once(server, 'listening')
const { port } = server.address() as AddressInfo
const client = await mqtt.connectAsync(`mqtt://127.0.0.1:${port}`)
await client.subscribeAsync('#', { qos: 1 })

let received = 0
let expected = Number.POSITIVE_INFINITY
let onReached = () => {}

client.on('message', () => {
  received += 1
  if (received === expected) onReached()
})

/** `expect`: counts from zero on. `wait`: answers when so many have come. */
answerParent<{ do: 'expect' | 'wait'; count: number }>({ port }, ({ do: what, count }) => {
  if (what === 'expect') {
    received = 0
    expected = count
    return {}
  }
  return new Promise((resolve) => {
    onReached = () => resolve({ received })
    if (received >= expected) onReached()
  })
})
