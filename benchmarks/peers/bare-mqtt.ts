/**
 * The yardstick of taking messages in: mqtt.js, subscribed with QoS 1, that does
 * nothing with what it gets. `node bare-mqtt.ts <url> <filter>`
 *
 * @module
 */

import mqtt from 'mqtt'
import { answerParent } from '../support/child.ts'

const [url = '', filter = ''] = process.argv.slice(2)
const client = await mqtt.connectAsync(url, { clean: true })
await client.subscribeAsync(filter, { qos: 1 })

let received = 0
let expected = Number.POSITIVE_INFINITY
let onReached = () => {}

client.on('message', () => {
  received += 1
  if (received === expected) onReached()
})

/** `expect`: counts from zero on. `wait`: answers when so many have come. */
answerParent<{ do: 'expect' | 'wait'; count: number }>({}, ({ do: what, count }) => {
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
