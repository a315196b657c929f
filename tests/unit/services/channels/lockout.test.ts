import { expect, it } from 'vitest'
import { Lockout } from '../../../../services/channels/lockout.ts'
import { FakeClock } from '../../../support/fake-clock.ts'

const REFUSED = { status: 'unreachable', reason: 'bad_credentials: answered 401' } as const

it('a lockout holds for a minute after bad credentials, and after nothing else', () => {
  const clock = new FakeClock()
  const lockout = new Lockout(clock)
  lockout.after({ status: 'unreachable', reason: 'no connection' })
  lockout.after({ status: 'sent' })
  expect(lockout.outcome).toBeNull()
  expect(lockout.after(REFUSED)).toBe(REFUSED)
  clock.advance(59_999)
  expect(lockout.outcome).toBe(REFUSED)
  clock.advance(1)
  expect(lockout.outcome).toBeNull()
})

it('a lockout does not hold for an hour when the clock is set back by one', () => {
  const clock = new FakeClock()
  const lockout = new Lockout(clock)
  lockout.after(REFUSED)
  clock.leap(-3_600_000)
  expect(lockout.outcome).toBeNull()
})
