import { expect, it } from 'vitest'
import { AuditLog } from '../../../services/operations/audit-log.ts'
import { Keys } from '../../../src/store/keys.ts'
import { openSqliteStore } from '../../../src/store/sqlite/sqlite-store.ts'
import { createLogger } from '../../../src/support/logger.ts'
import { FakeClock } from '../../support/fake-clock.ts'

const HOUR_MS = 3_600_000
const DONE = {
  ...{ who: 'ada', via: 'key', from: '127.0.0.1', what: 'PUT /api/users/{id}' },
  ...{ target: 'PUT /api/users/bob', input: {}, before: null, after: null },
} as const

it('an entry is kept for as many days as were asked for, and a newer one longer', async () => {
  const clock = new FakeClock()
  const store = openSqliteStore({ path: ':memory:', clock, log: createLogger('silent') })
  const audit = new AuditLog({ store, keys: new Keys(), clock, auditDays: 1 })
  const kept = async () => (await audit.list({}, 10, null)).data.map(({ target }) => target)
  await audit.record(DONE)
  clock.advance(23 * HOUR_MS)
  await audit.record({ ...DONE, target: 'PUT /api/users/eve' })
  expect(await kept()).toEqual(['PUT /api/users/eve', 'PUT /api/users/bob'])
  clock.advance(HOUR_MS)
  expect(await kept()).toEqual(['PUT /api/users/eve'])
  await store.close()
})
