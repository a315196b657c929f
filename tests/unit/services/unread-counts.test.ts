import { expect, it } from 'vitest'
import { UnreadCounts } from '../../../services/notifications/unread-counts.ts'
import { createLogger } from '../../../src/support/logger.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { waitFor } from '../../support/wait-for.ts'

it('tells many changes of a user once, and goes on after a count that could not be read', async () => {
  const clock = new FakeClock()
  const told: [string, number][] = []
  let isAway = false
  const counts = new UnreadCounts({
    count: async (user) => {
      if (isAway) throw new Error('away')
      return user.length
    },
    tell: (...each) => void told.push(each),
    clock,
    log: createLogger('silent'),
  })
  for (const user of ['ann', 'ann', 'ben', 'ann']) counts.changed(user)
  expect(told).toEqual([])
  clock.advance(100)
  await waitFor(() => told.length === 2)
  expect(told).toEqual([
    ['ann', 3],
    ['ben', 3],
  ])
  isAway = true
  counts.changed('ann')
  clock.advance(100)
  await Promise.resolve()
  isAway = false
  for (let n = 0; n < 250; n++) counts.changed(`user-${n}`)
  await waitFor(() => {
    clock.advance(100)
    return told.length === 252
  })
})
