import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { NativeClient } from '../support/native-client.ts'
import { requireServer } from '../support/servers.ts'
import { startSurroundings } from '../support/service.ts'
import { waitFor } from '../support/wait-for.ts'
import { PROOFS, Twins } from './one-effect.ts'
import { fresh, type Json } from './world.ts'

/** How many messages on each topic; the long suite asks for a thousand. */
const COUNT = Number(process.env.BELFRY_TEST_MESSAGES ?? 250)
const hasServers = requireServer('mosquitto') && requireServer('redis-server')

describe.skipIf(!hasServers)(
  `two processes, ${COUNT} messages a topic, no idempotency keys`,
  () => {
    let twins: Twins

    beforeAll(async () => {
      // With all of its types Mosquitto logs to which client it sends what.
      twins = await Twins.start(await startSurroundings('external', { mosquitto: 'log_type all' }))
    })
    afterAll(() => twins?.stop())

    it.concurrent.each(PROOFS)(
      '[K-03 X-16] $topic: one publish, one effect',
      async ({ run }) => {
        await run(twins, COUNT)
      },
      120_000,
    )

    it('[S4-002 S4-036] a message reaches the socket of its user on whatever process', async () => {
      const user = fresh('u')
      const apps = await Promise.all(
        twins.services.map(async ({ url }) => {
          const address = `${url.replace('http', 'ws')}/ws?user_id=${user}`
          return (await NativeClient.connect(address)).client
        }),
      )
      const numbers = Array.from({ length: 40 }, (_, n) => String(n))
      await twins.ask(
        numbers.map((message) => ({
          ...{ topic: `notifications/realtime/user/${user}`, payload: { message }, qos: 1 },
        })),
      )
      for (const app of apps) {
        await waitFor(() => app.of('notification').length >= numbers.length)
        const words = app.of('notification').map((one) => (one.notification as Json).message)
        expect(words.toSorted()).toEqual(numbers.toSorted())
        const order = app.of('notification').map(({ seq }) => seq as number)
        expect(order).toEqual(order.toSorted((a, b) => a - b))
        await app.close()
      }
    })

    it('[K-03] nobody was answered twice', () => {
      twins.assertEachAnsweredOnce()
    })

    it('[S1-016 K-03] both pools of three on notifications/email/send share its messages', () => {
      const line = /Sending PUBLISH to (\S+) \(.*'notifications\/email\/send'/
      const log = twins.surroundings.mosquitto!.log().split('\n')
      const receivers = log.flatMap((text) => line.exec(text)?.[1] ?? [])
      const shares = Map.groupBy(receivers, (client) => client)
      expect(shares.size).toBe(6)
      for (const client of shares.keys()) expect(client).toMatch(/^belfry-[12]-\S+-[123]$/)
      const even = receivers.length / 6
      for (const share of shares.values()) expect(share.length).toBeGreaterThan(even / 2)
      expect(receivers.length).toBe(2 * COUNT)
    })
  },
)
