import { afterAll, beforeAll, describe } from 'vitest'
import { tellEveryTopic } from './every-topic.ts'
import { tellStories } from './stories.ts'
import { World } from './world.ts'

let world: World

beforeAll(async () => {
  world = await World.open({ parts: 'embedded' })
})
afterAll(() => world?.close())

describe('on the parts inside the process', () => {
  tellEveryTopic(['311'], () => world)
  tellStories(['311'], () => world)
})
