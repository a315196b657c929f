import { openSqliteStore } from '../../src/store/sqlite/sqlite-store.ts'
import { createLogger } from '../../src/support/logger.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { describeStore } from './store-contract.ts'
import { describeStoreModel } from './store-model.ts'

const log = createLogger('silent')

async function inMemory() {
  const clock = new FakeClock()
  const store = openSqliteStore({ path: ':memory:', clock, log })
  return { store, clock, tearDown: () => store.close() }
}

describeStore('SqliteStore', inMemory)
describeStoreModel('SqliteStore', inMemory)
