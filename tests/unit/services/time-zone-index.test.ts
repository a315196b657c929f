import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { MIGRATIONS } from '../../../services/operations/migrations.ts'
import { Keys } from '../../../src/store/keys.ts'
import { FlowBench } from '../../support/flow-bench.ts'

describe('who lives by which clock', () => {
  let bench: FlowBench
  beforeEach(() => {
    bench = new FlowBench()
  })
  afterEach(() => bench.store.close())

  const usersOf = (zone: string) => zones().usersOf(zone, 0, '', 100)
  const zones = () => bench.services.directory.timeZones

  it('follows every change of a profile, under the one name of a zone', async () => {
    const { directory, personalData } = bench.services
    await directory.save('ada', { timezone: 'US/Eastern' })
    await directory.save('bob', { timezone: 'America/New_York' })
    await directory.save('eve', { timezone: 'Mars/Base' })
    expect(await usersOf('America/New_York')).toEqual(['ada', 'bob'])
    expect(await zones().inUse()).toEqual(['America/New_York'])
    await directory.save('ada', { timezone: 'Europe/Paris' })
    await directory.save('ada', { email: 'ada@example.com' })
    expect(await usersOf('Europe/Paris')).toEqual(['ada'])
    expect(await zones().size(['Europe/Paris', 'America/New_York'])).toBe(2)
    await directory.save('ada', { timezone: null })
    await personalData.erase('bob')
    expect(await zones().size(['Europe/Paris', 'America/New_York'])).toBe(0)
  })

  it('is made of what an earlier release wrote, for every tenant', async () => {
    for (const keys of [new Keys(), new Keys('acme')]) {
      const profile = JSON.stringify({ id: 'old', timezone: 'Asia/Tokyo' })
      await bench.store.commit({ partition: 0, ops: [['set', keys.profile('old'), profile, 0]] })
    }
    await MIGRATIONS.find(({ to }) => to === 3)!.run(bench.store)
    expect(await usersOf('Asia/Tokyo')).toEqual(['old'])
    const theirs = new FlowBench({ store: bench.store, clock: bench.clock, tenant: 'acme' })
    expect(await theirs.services.directory.timeZones.inUse()).toEqual(['Asia/Tokyo'])
  })
})
