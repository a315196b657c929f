import { randomUUID } from 'node:crypto'
import { connectAsync } from 'mqtt'
import { type BrokerAddress, targetOptions } from './broker-address.ts'

const TIMEOUT_MS = 5_000

/** Logs in once, as the service would but under a name of its own; rejects with the reason why not. */
export async function tryBroker(url: string, address: BrokerAddress): Promise<void> {
  const options = {
    ...targetOptions(url, address),
    ...{ clientId: `belfry-doctor-${randomUUID()}`, clean: true, protocolVersion: 4 as const },
    ...{ connectTimeout: TIMEOUT_MS, reconnectPeriod: 0 },
  }
  const client = await connectAsync(options)
  await client.endAsync()
}
