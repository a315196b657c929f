import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Device } from '../support/mqtt-device.ts'
import { NativeClient } from '../support/native-client.ts'
import { requireServer } from '../support/servers.ts'
import type { Parts } from '../support/service.ts'
import { waitFor } from '../support/wait-for.ts'
import { fresh, type Json, World } from './world.ts'

const hasServers = requireServer('mosquitto') && requireServer('redis-server')
const PARTS: Parts[] = hasServers ? ['embedded', 'external'] : ['embedded']
const PREFIX = 'acme/site-1/'

/** With a prefix, as on a broker that others use too: every topic below begins with it. */
describe.each(PARTS)('a process that stops and starts again (%s)', (parts) => {
  let world: World
  let device: Device

  beforeAll(async () => {
    world = await World.open({ parts, env: { MQTT_TOPIC_PREFIX: PREFIX } })
    device = await connect()
  })
  afterAll(async () => {
    await device?.close()
    await world?.close()
  })

  const connect = () => Device.connect(world.service.mqttUrl, '311', { prefix: PREFIX })
  const to = (user: string) => `notifications/realtime/user/${user}`

  it('[S1-074] takes nothing twice and loses nothing', async () => {
    const [kept, later, session] = [fresh('u'), fresh('u'), fresh('u')]
    await device.publish(to(kept), { message: 'Retained' }, { retain: true })
    await world.notification(kept)
    const send_at = Date.now() / 1000 + 2
    await device.ask(to(later), { message: 'Later', send_at })
    const raised = await device.ask(`notifications/alerts/critical/${kept}`, { message: 'Hot' })
    const { client: app, connected } = await NativeClient.connect(
      world.socketUrl(`user_id=${session}&ack=1`),
    )
    await device.ask(to(session), { message: 'Before' })
    await app.next('notification')

    await device.close()
    await world.service.restart()
    device = await connect()
    await device.ask(to(session), { message: 'After' })

    // The broker keeps the first message for those who subscribe: it is not news.
    expect((await world.inbox(kept)).data).toMatchObject([{ message: 'Retained' }])
    expect(await world.notification(later)).toMatchObject({ message: 'Later' })
    const ack = await device.ask(`notifications/alerts/ack/${raised.alert_id}`, {})
    expect(ack.status).toBe('acknowledged')
    const query = `user_id=${session}&ack=1&session_id=${connected.session_id}`
    const again = await NativeClient.connect(world.socketUrl(query))
    expect(again.connected.resumed).toBe(true)
    await again.client.next('notification', ({ notification }) => {
      return (notification as Json).message === 'After'
    })
    const words = again.client.of('notification').map((one) => (one.notification as Json).message)
    expect(words).toEqual(['Before', 'After'])
    await again.client.close()
  })

  it('[S1-003] says offline and online on belfry/status, retained', async () => {
    await device.listen('belfry/status/+')
    const online = await waitFor(() => device.heardUnder('belfry/status/')[0])
    expect(online.text).toContain('online')
    await world.service.stop()
    // Its own broker is gone with it, and says nothing more.
    if (parts === 'external')
      await device.hears(online.topic, ({ text }) => text.includes('offline'))
  })
})
