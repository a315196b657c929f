import { expect, it } from 'vitest'
import { Memberships } from '../../../services/directory/memberships.ts'
import { MIGRATIONS } from '../../../services/operations/migrations.ts'
import { keysOfTenant } from '../../../src/store/keys.ts'
import { migrate } from '../../../src/store/migrate.ts'
import { openSqliteStore } from '../../../src/store/sqlite/sqlite-store.ts'
import { createLogger } from '../../../src/support/logger.ts'
import { FakeClock } from '../../support/fake-clock.ts'

const log = createLogger('silent')

it('whom an older release has on call is listed, of every tenant', async () => {
  const store = openSqliteStore({ path: ':memory:', clock: new FakeClock(), log })
  await store.commit({
    partition: 0,
    ops: [
      ['sadd', 'oncall:fire', 'ada'],
      ['sadd', 't:acme:oncall:flood', 'kay'],
      ['set', 'user:oncall:x:profile', '{}', 0],
    ],
  })
  await migrate(store, { migrations: MIGRATIONS, log })
  const listed = (tenant: string) =>
    new Memberships({ store, keys: keysOfTenant(tenant) }).onCallSets()
  expect(await listed('')).toEqual([{ type: 'fire', users: ['ada'] }])
  expect(await listed('acme')).toEqual([{ type: 'flood', users: ['kay'] }])
  await store.close()
})
