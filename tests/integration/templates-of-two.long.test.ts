import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Device } from '../support/mqtt-device.ts'
import { requireServer } from '../support/servers.ts'
import {
  type Parts,
  type Surroundings,
  startService,
  startSurroundings,
  type TestService,
} from '../support/service.ts'
import { waitFor } from '../support/wait-for.ts'

const hasServers = requireServer('redis-server') && requireServer('mosquitto')

describe.skipIf(!hasServers).each<Parts>(['external', 'cluster'])(
  'templates of two processes, %s parts',
  (parts) => {
    let surroundings: Surroundings
    let services: readonly TestService[]
    let device: Device

    beforeAll(async () => {
      surroundings = await startSurroundings(parts)
      services = await Promise.all([startService({ surroundings }), startService({ surroundings })])
      device = await Device.connect(surroundings.mosquitto?.url ?? '', '5')
    })
    afterAll(async () => {
      await device?.client.endAsync()
      await Promise.all(services?.map((service) => service.stop()) ?? [])
      await surroundings?.stop()
    })

    it('a template that one process made serves a message that any of them takes', async () => {
      const [one, other] = services as [TestService, TestService]
      const fields = { name: 'door', message_template: '{who} is at the door.' }
      expect((await one.api('POST', '/api/templates', fields)).status).toBe(201)
      const topic = 'notifications/realtime/user/ada'
      const payload = { template: 'door', params: { who: 'Bob' }, priority: 'low' }
      const replies = await Promise.all(
        Array.from({ length: 6 }, () => device.ask(topic, { ...payload })),
      )
      expect(replies.map(({ status }) => status)).toEqual(Array(6).fill('sent'))
      const { body } = await other.api('GET', '/api/notifications', undefined, {
        'x-belfry-user': 'ada',
      })
      expect(body.data.map(({ message }: { message: string }) => message)).toEqual(
        Array(6).fill('Bob is at the door.'),
      )
    })

    it('a change is known to the other one at once, and a removal', async () => {
      const [one, other] = services as [TestService, TestService]
      const preview = async (service: TestService) => {
        const answer = await service.api('POST', '/api/templates/door/preview', {})
        return answer.body.channels?.database.message ?? answer.status
      }
      await preview(other)
      await one.api('PUT', '/api/templates/door', { message_template: 'Knock, knock.' })
      // Below the half minute after which it would be read again anyway.
      const soon = { deadlineMs: 20_000, message: 'the change did not reach the other process' }
      await waitFor(async () => (await preview(other)) === 'Knock, knock.', soon)
      await one.api('DELETE', '/api/templates/door')
      await waitFor(async () => (await preview(other)) === 404, soon)
      const refused = await device.ask('notifications/realtime/user/ada', { template: 'door' })
      expect(refused).toMatchObject({ status: 'error', error: { code: 'invalid_payload' } })
      expect(refused.error.message).toContain('"door"')
    })
  },
)
