import { afterAll, beforeAll, describe } from 'vitest'
import { requireServer } from '../support/servers.ts'
import { type Parts, type Surroundings, startSurroundings } from '../support/service.ts'
import { TEST_JWT_SECRET } from '../support/tokens.ts'
import { tellAccessByConnection, tellAccessByMessage } from './access-stories.ts'
import { tellBadInput, tellBadRequests } from './bad-input-stories.ts'
import { World } from './world.ts'

const STRICT = { BELFRY_AUTH: 'token', BELFRY_JWT_SECRET: TEST_JWT_SECRET }
const hasServers = requireServer('mosquitto') && requireServer('redis-server')

/** A world of its own for every describe below. */
function play(
  parts: Parts,
  env: Readonly<Record<string, string>>,
  tell: (world: () => World) => void,
) {
  let world: World
  let surroundings: Surroundings
  beforeAll(async () => {
    surroundings = await startSurroundings(parts)
    world = await World.open({ surroundings, env })
  })
  afterAll(async () => {
    await world?.close()
    await surroundings?.stop()
  })
  tell(() => world)
}

describe('on the parts inside the process', () => {
  play('embedded', {}, (world) => {
    tellBadInput('311', world)
    tellBadRequests(world)
  })
})

describe('on the parts inside the process, where everybody proves who he is', () => {
  play('embedded', STRICT, tellAccessByConnection)
})

describe.skipIf(!hasServers)('on Mosquitto and Redis', () => {
  play('external', {}, (world) => {
    tellBadInput('311', world)
    tellBadInput('5', world)
  })
})

describe.skipIf(!hasServers)('on Mosquitto and Redis, where everybody proves who he is', () => {
  play('external', STRICT, tellAccessByMessage)
})
