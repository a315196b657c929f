import { afterAll, beforeAll, describe, it } from 'vitest'
import { PROOFS, Twins } from '../stories/one-effect.ts'
import { requireServer } from '../support/servers.ts'
import { startSurroundings } from '../support/service.ts'
import { note } from './support/figures.ts'

const COUNT = 1_000
const hasServers = requireServer('mosquitto') && requireServer('redis-server')

describe.runIf(hasServers)(`two processes, ${COUNT} messages on each topic, no keys`, () => {
  let twins: Twins

  beforeAll(async () => {
    twins = await Twins.start(await startSurroundings('external'))
  })
  afterAll(() => twins?.stop())

  it.each(PROOFS)('$topic: exactly one effect each', ({ run }) => run(twins, COUNT))

  it('nobody is answered twice', () => {
    twins.assertEachAnsweredOnce()
    note('one effect', { topics: PROOFS.length, 'messages on each': COUNT, processes: 2 })
  })
})
