// Run by `node --test`: the conformance suite of aedes-persistence over our adapter.
import { createRequire } from 'node:module'
import { test } from 'node:test'
import { AedesPersistence } from '../../../src/mqtt/embedded/aedes-persistence.ts'
import { BrokerStore } from '../../../src/mqtt/embedded/broker-store.ts'

const fromHere = createRequire(import.meta.url)
// The suite lies in a dependency of aedes, so it is the version that aedes asks for.
const fromAedes = createRequire(fromHere.resolve('aedes'))
const conformance = fromAedes('aedes-persistence/abstract.js') as (options: object) => void

conformance({
  test,
  persistence: () => new AedesPersistence(new BrokerStore({ file: ':memory:' })),
  testAsync: true,
})
