import { afterAll, beforeAll, describe } from 'vitest'
import { requireServer } from '../support/servers.ts'
import { tellEveryTopic } from './every-topic.ts'
import { tellStories } from './stories.ts'
import { World } from './world.ts'

const hasServers = requireServer('mosquitto') && requireServer('redis-server')

describe.skipIf(!hasServers)('on Mosquitto and Redis', () => {
  let world: World

  beforeAll(async () => {
    world = await World.open({ parts: 'external' })
  })
  afterAll(() => world?.close())

  tellEveryTopic(['311', '5'], () => world)
  tellStories(['311', '5'], () => world)
})
