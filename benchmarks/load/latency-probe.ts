/**
 * Publishes at a steady pace and takes what arrives, by MQTT or by WebSocket, in
 * one process and so by one clock. `node latency-probe.ts <mqtt url> <http url>`
 *
 * @module
 */

import { once } from 'node:events'
import mqtt from 'mqtt'
import { WebSocket } from 'ws'
import { answerParent } from '../support/child.ts'

const [url = '', httpUrl = ''] = process.argv.slice(2)
const USER = 'latency'
const DIRECT = 'latency/direct'

const publisher = await mqtt.connectAsync(url)
const subscriber = await mqtt.connectAsync(url)
await subscriber.subscribeAsync(DIRECT, { qos: 1 })
const socket = new WebSocket(`${httpUrl.replace('http', 'ws')}/ws?user_id=${USER}`)
await once(socket, 'open')

let delays: number[] = []
const take = (sentAt: unknown) => {
  if (typeof sentAt === 'number') delays.push(performance.now() - sentAt)
}
subscriber.on('message', (_topic, payload) => take(JSON.parse(String(payload)).data.sentAt))
socket.on('message', (frame) => {
  const { type, notification } = JSON.parse(String(frame))
  if (type === 'notification') take(notification.data.sentAt)
})

interface Command {
  readonly to: 'mqtt' | 'websocket'
  readonly perSecond: number
  readonly count: number
}

answerParent<Command>({}, async ({ to, perSecond, count }) => {
  delays = []
  const topic = to === 'mqtt' ? DIRECT : `notifications/realtime/user/${USER}`
  const startedAt = performance.now()
  for (let sent = 0; sent < count; ) {
    const due = Math.min(count, Math.floor(((performance.now() - startedAt) * perSecond) / 1000))
    for (; sent < due; sent++) {
      const data = { sentAt: performance.now(), filler: 'x'.repeat(100) }
      publisher.publish(topic, JSON.stringify({ message: 'Hello', data }), { qos: 1 })
    }
    await new Promise((resolve) => setTimeout(resolve, 1))
  }
  const deadline = performance.now() + 10_000
  while (delays.length < count && performance.now() < deadline) {
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  if (delays.length < count) throw new Error(`${count - delays.length} messages did not arrive`)
  return { delays }
})
