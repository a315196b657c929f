import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { SessionService } from '../../../services/sessions/session-service.ts'
import { DirectBench } from '../../support/direct-bench.ts'

let bench: DirectBench
let sessions: SessionService
beforeEach(() => {
  bench = new DirectBench()
  sessions = new SessionService({ ...bench, realtime: { end: () => {} } })
})
afterEach(() => bench.store.close())

const idsOf = async (user: string) =>
  (await sessions.sessionsOf(user)).map(({ session_id }) => session_id).sort()

describe('SessionService.connect()', () => {
  it('[S1-074 X-06] ends the devices that were silent longest when a user has more than 40', async () => {
    for (let n = 10; n < 55; n++) {
      bench.clock.advance(1000)
      await sessions.connect('ann', { sessionId: `device-${n}` })
    }
    const ids = await idsOf('ann')
    expect(ids).toHaveLength(40)
    expect(ids[0]).toBe('device-15')
    expect(await bench.store.get(0, bench.keys.session('ann', 'device-14'))).toBeNull()
  })

  it('[S1-074] never ends a session that holds a socket for a device that has none', async () => {
    for (let n = 10; n < 20; n++) {
      await sessions.connect('ann', { sessionId: `app-${n}`, node: 'n', connection: `c${n}` })
    }
    bench.clock.advance(1000)
    for (let n = 10; n < 60; n++) await sessions.connect('ann', { sessionId: `device-${n}` })
    const ids = await idsOf('ann')
    expect(ids).toHaveLength(40)
    expect(ids.filter((id) => id.startsWith('app'))).toHaveLength(10)
    expect(ids).toContain('device-59')
  })
})
