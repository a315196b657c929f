import { expect, it } from 'vitest'
import { AlertStore } from '../../../services/alerts/alert-store.ts'
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

it('what nobody answered is counted by severity, of every tenant, and what was counted before is gone', async () => {
  const store = openSqliteStore({ path: ':memory:', clock: new FakeClock(), log })
  const alert = {
    id: 'a',
    type: 'fire',
    severity: 'critical',
    status: 'triggered',
    source: 'hall 3',
  }
  for (const scope of ['', 't:acme:']) {
    await store.commit({
      partition: 0,
      ops: [
        ['set', `${scope}alert:a`, JSON.stringify({ ...alert, created_at: '2026-01-01' }), 0],
        ['zadd', `${scope}alerts:open`, 1, 'a'],
        ['sadd', `${scope}alerts:unanswered:old`, 'a'],
      ],
    })
  }
  await migrate(store, { migrations: MIGRATIONS, log })
  for (const tenant of ['', 'acme']) {
    const alerts = new AlertStore({ store, keys: keysOfTenant(tenant) })
    const counted = (severity: 'critical' | 'info') =>
      alerts.index.unanswered({ type: 'fire', source: 'hall 3', severity })
    expect([await counted('critical'), await counted('info')]).toEqual([1, 0])
  }
  const left: string[] = []
  for await (const { key } of store.keys('*alerts:unanswered:*')) left.push(key)
  expect(left).toHaveLength(2)
  expect(left.filter((key) => key.endsWith(':old'))).toEqual([])
  await store.close()
})
