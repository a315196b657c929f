import { afterEach } from 'vitest'
import { startGateway, type TestGateway } from './gateway.ts'

/** A way to start gateways, which stop when the test that started them is over. */
export function gatewaysOfTest(): typeof startGateway {
  let running: TestGateway[] = []
  afterEach(async () => {
    const ending = running
    running = []
    await Promise.all(ending.map((gateway) => gateway.stop()))
  })
  return async (...choices) => {
    const gateway = await startGateway(...choices)
    running.push(gateway)
    return gateway
  }
}
