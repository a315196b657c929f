import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { requireServer } from '../support/servers.ts'
import { type Surroundings, startSurroundings } from '../support/service.ts'
import { tellEveryTopic } from './every-topic.ts'
import { PROOFS, Twins } from './one-effect.ts'
import { tellStories } from './stories.ts'
import { World } from './world.ts'

const COUNT = 50
const hasServers = requireServer('mosquitto') && requireServer('redis-server')

describe.skipIf(!hasServers)('[S4-035] on Mosquitto and a Redis Cluster of three nodes', () => {
  let surroundings: Surroundings
  let world: World
  let twins: Twins

  beforeAll(async () => {
    surroundings = await startSurroundings('cluster')
    twins = await Twins.start(surroundings)
    world = await World.open({ surroundings })
  })
  afterAll(async () => {
    await world?.close()
    await twins?.stop()
  })

  tellEveryTopic(['5'], () => world)
  tellStories(['311'], () => world)

  it.concurrent.each(PROOFS)(
    `$topic: ${COUNT} publishes, ${COUNT} effects`,
    async ({ run }) => {
      await run(twins, COUNT)
    },
    60_000,
  )

  it('nobody was answered twice', () => {
    expect(twins.services).toHaveLength(2)
    twins.assertEachAnsweredOnce()
  })
})
