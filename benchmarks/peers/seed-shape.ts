/**
 * The shape that the project grew from: one connection, one message at a time,
 * six writes to Redis awaited one after the other, acknowledged after the last.
 * `node seed-shape.ts <mqtt url> <filter> <redis url>`
 *
 * @module
 */

import { randomUUID } from 'node:crypto'
import { Redis } from 'ioredis'
import mqtt from 'mqtt'
import { z } from 'zod'
import { answerParent } from '../support/child.ts'

const [url = '', filter = '', redisUrl = ''] = process.argv.slice(2)
const redis = new Redis(redisUrl)
const client = await mqtt.connectAsync(url, { clean: true })

const Payload = z.object({
  message: z.string(),
  title: z.string().default('Notification'),
  type: z.string().default('info'),
  priority: z.enum(['low', 'normal', 'high', 'critical']).default('normal'),
  data: z.record(z.string(), z.unknown()).default({}),
})

let received = 0
let expected = Number.POSITIVE_INFINITY
let onReached = () => {}

async function handle(topic: string, text: string): Promise<void> {
  const user = topic.slice(topic.lastIndexOf('/') + 1)
  const payload = Payload.parse(JSON.parse(text))
  const id = randomUUID()
  const record = JSON.stringify({ id, user_id: user, ...payload, timestamp: Date.now() / 1000 })
  await redis.set(`notification:${id}`, record, 'EX', 604_800)
  await redis.lpush(`user:${user}:notifications`, id)
  await redis.ltrim(`user:${user}:notifications`, 0, 99)
  await redis.incr(`user:${user}:unread_notifications`)
  await redis.sadd('users', user)
  await redis.zadd('email_queue:scheduled', Date.now() / 1000, id)
  received += 1
  if (received === expected) onReached()
}

client.handleMessage = (packet, done) => {
  handle(packet.topic, packet.payload.toString()).then(() => done(), done)
}
await client.subscribeAsync(filter, { qos: 1 })

/** `expect`: counts from zero on. `wait`: answers when so many are stored. */
answerParent<{ do: 'expect' | 'wait'; count: number }>({}, async ({ do: what, count }) => {
  if (what === 'expect') {
    await redis.flushdb()
    received = 0
    expected = count
    return {}
  }
  return new Promise((resolve) => {
    onReached = () => resolve({ received })
    if (received >= expected) onReached()
  })
})
