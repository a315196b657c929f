import { beforeEach, describe, expect, it } from 'vitest'
import type { SendOutcome } from '../../../services/channels/channel.ts'
import { HookState } from '../../../services/deliveries/hook-state.ts'
import { Keys } from '../../../src/store/keys.ts'
import { openSqliteStore, type SqliteStore } from '../../../src/store/sqlite/sqlite-store.ts'
import { silentLog as log } from '../../support/delivery.ts'
import { FakeClock } from '../../support/fake-clock.ts'

const DAY_MS = 86_400_000
const HOOK = { userId: '42', channel: 'webhook', url: 'https://example.com/s3cret' }
const DOWN: SendOutcome = { status: 'retry', reason: 'answered 503' }

describe('HookState', () => {
  let clock: FakeClock
  let store: SqliteStore
  let hooks: HookState

  beforeEach(() => {
    clock = new FakeClock()
    // A clock of its own: days go by, and it has a timer for every second of them.
    store = openSqliteStore({ path: ':memory:', clock: new FakeClock(), log })
    hooks = new HookState({ store, keys: new Keys(), clock })
    return () => store.close()
  })

  /** The end of one delivery. */
  const end = async (outcome: SendOutcome, { isDead = false, isLast = true } = {}) =>
    hooks.after(HOOK, await hooks.find(HOOK), { outcome, isDead, isLast })
  const reason = async () => (await hooks.disabled([HOOK]))[0]?.reason ?? null

  it('disables a hook whose receiver says that it is gone, and says so in the outcome', async () => {
    const outcome = await end({ status: 'failed', reason: 'answered 410' }, { isDead: true })
    expect(outcome).toEqual({ status: 'failed', reason: 'answered 410; hook disabled' })
    expect(await hooks.disabled([HOOK])).toEqual([
      { channel: 'webhook', reason: 'answered 410', since: new Date(clock.now()).toISOString() },
    ])
  })

  it('gives up after five days in which nothing got through', async () => {
    for (let day = 0; day < 5; day++) {
      await end(DOWN)
      expect(await reason()).toBeNull()
      clock.advance(DAY_MS)
    }
    expect(await end(DOWN)).toMatchObject({ reason: 'answered 503; hook disabled' })
    expect(await reason()).toMatch(/^6 deliveries failed since 2026-01-05T.*answered 503$/)
  })

  it('does not give up over one or two deliveries, however long ago', async () => {
    await end(DOWN)
    clock.advance(20 * DAY_MS)
    await end(DOWN)
    expect(await reason()).toBeNull()
  })

  it('starts to count afresh when something got through', async () => {
    for (let day = 0; day < 10; day++) {
      await end(DOWN)
      if (day === 4) await end({ status: 'sent' })
      clock.advance(DAY_MS)
      expect(await reason()).toBeNull()
    }
  })

  it('counts deliveries, not tries', async () => {
    for (let tries = 0; tries < 50; tries++) {
      await end(DOWN, { isLast: false })
      clock.advance(DAY_MS)
    }
    expect(await hooks.find(HOOK)).toBeNull()
  })

  it('says nothing against a post that may have arrived', async () => {
    await end({ status: 'uncertain', reason: 'lost' }, { isLast: false })
    expect(await hooks.find(HOOK)).toBeNull()
  })

  it('calls a hook again that an operator enables', async () => {
    await end({ status: 'failed', reason: 'gone' }, { isDead: true })
    await hooks.enable(HOOK)
    expect(await reason()).toBeNull()
    await expect(hooks.enable(HOOK)).rejects.toThrow('is not disabled')
  })

  it('knows nothing against another URL, and keeps none', async () => {
    await end({ status: 'failed', reason: 'gone' }, { isDead: true })
    expect(await hooks.find({ ...HOOK, url: 'https://example.com/other' })).toBeNull()
    for await (const { key } of store.keys()) {
      expect(key).toBe('user:42:hook:webhook')
      expect(await store.get(0, key)).not.toContain('s3cret')
    }
  })
})
