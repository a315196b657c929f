/**
 * Publishes critical alerts among ordinary messages and takes both from a
 * WebSocket, in one process and so by one clock.
 * `node alert-probe.ts <mqtt url> <http url>`
 *
 * @module
 */

import { once } from 'node:events'
import mqtt from 'mqtt'
import { WebSocket } from 'ws'
import { answerParent } from '../support/child.ts'

const [url = '', httpUrl = ''] = process.argv.slice(2)
const USER = 'latency'
const ALERT = 'latency'

const publisher = await mqtt.connectAsync(url)
await fetch(`${httpUrl}/api/oncall/${ALERT}`, {
  method: 'POST',
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify({ members: [USER] }),
})
const socket = new WebSocket(`${httpUrl.replace('http', 'ws')}/ws?user_id=${USER}`)
await once(socket, 'open')

let messages: number[] = []
let alerts: number[] = []
socket.on('message', (frame) => {
  const { type, notification, alert } = JSON.parse(String(frame))
  const sentAt = (type === 'critical_alert' ? alert : notification)?.data?.sentAt
  if (typeof sentAt !== 'number') return
  if (type === 'critical_alert') alerts.push(performance.now() - sentAt)
  else if (type === 'notification') messages.push(performance.now() - sentAt)
})

interface Command {
  readonly perSecond: number
  readonly count: number
  /** One alert among so many messages. */
  readonly alertEvery: number
}

let raised = 0

function send(n: number, alertEvery: number): void {
  const data = { sentAt: performance.now(), filler: 'x'.repeat(100) }
  const plain = `notifications/realtime/user/${USER}`
  publisher.publish(plain, JSON.stringify({ message: 'Hello', data }), { qos: 1 })
  if (n % alertEvery !== 0) return
  // Each of a source of its own: what is reported again only counts.
  const alert = { message: 'It burns', source: `hall ${process.pid} ${raised++}`, data }
  publisher.publish(`notifications/alerts/critical/${ALERT}`, JSON.stringify(alert), { qos: 1 })
}

answerParent<Command>({}, async ({ perSecond, count, alertEvery }) => {
  messages = []
  alerts = []
  const startedAt = performance.now()
  for (let sent = 0; sent < count; ) {
    const due = Math.min(count, Math.floor(((performance.now() - startedAt) * perSecond) / 1000))
    for (; sent < due; sent++) send(sent, alertEvery)
    await new Promise((resolve) => setTimeout(resolve, 1))
  }
  const wanted = Math.ceil(count / alertEvery)
  const deadline = performance.now() + 20_000
  while ((messages.length < count || alerts.length < wanted) && performance.now() < deadline) {
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  const missing = count + wanted - messages.length - alerts.length
  if (missing > 0) throw new Error(`${missing} frames did not arrive`)
  return { messages, alerts }
})
