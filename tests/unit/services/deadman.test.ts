import { expect, it } from 'vitest'
import { Deadman } from '../../../services/operations/deadman.ts'
import { silentLog as log } from '../../support/delivery.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { waitFor } from '../../support/wait-for.ts'

it('the watchdog is told once a minute, and nothing while no progress is made', async () => {
  const clock = new FakeClock()
  let requests = 0
  let rounds = 0
  let reason: string | null = null
  const deadman = new Deadman({
    ...{ clock, log },
    async request() {
      requests += 1
    },
    async fault() {
      rounds += 1
      if (reason === 'away') throw new Error('the store is away')
      return reason
    },
  })
  const minute = async (expected: number) => {
    clock.advance(60_000)
    await waitFor(() => rounds === expected)
    await new Promise(setImmediate)
  }
  deadman.start()
  await waitFor(() => requests === 1)
  await minute(2)
  expect(requests).toBe(2)
  reason = 'away'
  await minute(3)
  reason = 'the broker is away'
  await minute(4)
  expect(requests).toBe(2)
  reason = null
  await minute(5)
  expect(requests).toBe(3)
  deadman.stop()
  clock.advance(600_000)
  expect(rounds).toBe(5)
})
