import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Backoff, Connection } from '../../src/mqtt/connection.ts'
import { systemClock as clock } from '../../src/support/clock.ts'
import { createLogger } from '../../src/support/logger.ts'
import { requireServer, startMosquitto, type TestServer } from '../support/servers.ts'
import { waitFor } from '../support/wait-for.ts'

const SOON: Backoff = { minMs: 20, maxMs: 20 }
const IN_AN_HOUR: Backoff = { minMs: 3_600_000, maxMs: 3_600_000 }

describe.runIf(requireServer('mosquitto'))('connections of one process to one broker', () => {
  let broker: TestServer
  const open: Connection[] = []
  const refusals: string[] = []
  const log = createLogger('warn', {
    write: (line) => {
      const { clientId, reason } = JSON.parse(line)
      if (reason.includes('ECONNREFUSED')) refusals.push(clientId)
    },
  })

  beforeEach(async () => {
    broker = await startMosquitto()
    refusals.length = 0
  })
  afterEach(async () => {
    await Promise.all(open.splice(0).map((connection) => connection.end({ force: true })))
    await broker.stop()
  })

  function connect(clientId: string, backoff: Backoff, neighbours: Set<Connection>): Connection {
    const connection = new Connection({
      ...{ address: { urls: [broker.url] }, clientId, backoff, clock, log, neighbours },
      session: () => ({ clean: true }),
      onConnected: () => undefined,
    })
    open.push(connection)
    connection.start()
    return connection
  }

  it('come back together, however long each was told to wait', async () => {
    const neighbours = new Set<Connection>()
    await broker.stop()
    const patient = connect('patient', IN_AN_HOUR, neighbours)
    await waitFor(() => refusals.includes('patient'))
    const eager = connect('eager', SOON, neighbours)
    await waitFor(() => refusals.includes('eager'))
    await broker.restart()
    await waitFor(() => eager.connected && patient.connected)
    await eager.end()
    expect(neighbours).toEqual(new Set([patient]))
  })

  it('do not hurry one that was thrown out after it had got through', async () => {
    const neighbours = new Set<Connection>()
    const thrownOut = connect('same', IN_AN_HOUR, neighbours)
    await waitFor(() => thrownOut.connected)
    connect('same', SOON, new Set())
    await waitFor(() => !thrownOut.connected)
    const other = connect('other', SOON, neighbours)
    await waitFor(() => other.connected)
    expect(thrownOut.connected).toBe(false)
  })
})
