import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { dataVersion, type Migration, migrate } from '../../../src/store/migrate.ts'
import { openSqliteStore } from '../../../src/store/sqlite/sqlite-store.ts'
import type { Store } from '../../../src/store/store.ts'
import { createLogger } from '../../../src/support/logger.ts'
import { FakeClock } from '../../support/fake-clock.ts'

const log = createLogger('silent')

describe('migrate()', () => {
  let store: Store
  let ran: number[]
  const step = (to: number, run: () => Promise<void> = async () => {}): Migration => ({
    to,
    about: `step ${to}`,
    run: async () => {
      ran.push(to)
      await run()
    },
  })

  beforeEach(() => {
    store = openSqliteStore({ path: ':memory:', clock: new FakeClock(), log })
    ran = []
  })
  afterEach(() => store.close())

  const keep = () => store.commit({ partition: 0, ops: [['set', 'user:ada:profile', '{}', 0]] })

  it('leaves an empty store alone, and says of which version it is', async () => {
    await migrate(store, { migrations: [step(2), step(3)], log })
    expect(ran).toEqual([])
    expect(await dataVersion(store)).toBe(3)
  })

  it('takes every step once, in order, from what the first release wrote', async () => {
    await keep()
    await migrate(store, { migrations: [step(2)], log })
    await migrate(store, { migrations: [step(2), step(3), step(4)], log })
    await migrate(store, { migrations: [step(2), step(3), step(4)], log })
    expect(ran).toEqual([2, 3, 4])
    expect(await dataVersion(store)).toBe(4)
  })

  it('goes on where it was cut short', async () => {
    await keep()
    const cut = step(3, () => Promise.reject(new Error('killed')))
    await expect(migrate(store, { migrations: [step(2), cut], log })).rejects.toThrow('killed')
    expect(await dataVersion(store)).toBe(2)
    await migrate(store, { migrations: [step(2), step(3)], log })
    expect(ran).toEqual([2, 3, 3])
  })

  it('is done once by two at once', async () => {
    await keep()
    const both = [0, 1].map(() => migrate(store, { migrations: [step(2), step(3)], log }))
    await Promise.all(both)
    expect(await dataVersion(store)).toBe(3)
  })

  it('refuses what a newer release wrote, in one line that says what to do', async () => {
    await keep()
    await migrate(store, { migrations: [step(2), step(3)], log })
    const late = migrate(store, { migrations: [step(2)], log })
    await expect(late).rejects.toThrow(
      /written by a newer release: its data are version 3, this release reads up to 2\. Start that release, or restore a backup/,
    )
  })
})
