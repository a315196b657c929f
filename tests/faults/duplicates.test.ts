import { expect, it } from 'vitest'
import { requireServer } from '../support/servers.ts'
import { waitFor } from '../support/wait-for.ts'
import { note } from './support/figures.ts'
import { Sender } from './support/sender.ts'
import { Stage } from './support/stage.ts'
import type { Json } from './support/store-view.ts'

const TIMES = 10
const KEYS = 20

const hasServers = requireServer('mosquitto') && requireServer('redis-server')

it.runIf(hasServers)(
  `the same key ${TIMES} times by MQTT and by HTTP, to two processes, is one notification`,
  async () => {
    const stage = await Stage.open({ parts: 'external' })
    try {
      const other = await stage.addService()
      const senders = await Promise.all([
        Sender.connect(stage.mosquitto.url, { version: '311' }),
        Sender.connect(stage.mosquitto.url, { version: '5' }),
      ])
      const keys = Array.from({ length: KEYS }, (_, n) => `key-${n}`)
      const published = keys.flatMap((key, n) =>
        Array.from({ length: TIMES }, (_, time) => ({
          topic: 'notifications/realtime/user/by-mqtt',
          payload: { message: key, idempotency_key: key },
          qos: (n + time) % 2 === 0 ? (1 as const) : (2 as const),
        })),
      )
      await Promise.all(
        senders.map((sender, at) => sender.send(published.filter((_, n) => n % 2 === at))),
      )
      const statuses: number[] = []
      await Promise.all(
        keys.map((key) =>
          Promise.all(
            Array.from({ length: TIMES }, async (_, time) => {
              const service = time % 2 === 0 ? stage.service : other
              const body = { to: 'user:by-http', message: key }
              const headers = { 'idempotency-key': key }
              const { status } = await service.api('POST', '/api/notifications', body, headers)
              statuses.push(status)
            }),
          ),
        ),
      )
      for (const user of ['by-mqtt', 'by-http']) {
        const messages = await waitFor(async () => {
          const { data } = await stage.http('GET', `/api/notifications?user_id=${user}&limit=100`)
          const found = data.map(({ message }: Json) => message)
          return new Set(found).size === KEYS ? found : null
        })
        expect(messages.toSorted()).toEqual(keys.toSorted())
      }
      // A call that meets the first one still at work is told to come again.
      expect(statuses.filter((status) => status !== 202 && status !== 409)).toEqual([])
      note('the same key again', { keys: KEYS, times: TIMES, doors: 2, processes: 2 })
      await Promise.all(senders.map((sender) => sender.close()))
      expect(stage.crashes()).toEqual([])
    } finally {
      await stage.close()
    }
  },
)
