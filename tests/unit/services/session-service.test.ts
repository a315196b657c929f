import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { SessionController } from '../../../controllers/session-controller.ts'
import { fanoutOp } from '../../../services/notifications/fanout.ts'
import { SessionService } from '../../../services/sessions/session-service.ts'
import type { Context } from '../../../src/context.ts'
import { Keys } from '../../../src/store/keys.ts'
import { openSqliteStore, type SqliteStore } from '../../../src/store/sqlite/sqlite-store.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { silent } from '../../support/gateway.ts'

const MINUTE_MS = 60_000

let clock: FakeClock
let store: SqliteStore
let ended: string[]
let sessions: SessionService
const keys = new Keys()

beforeEach(() => {
  clock = new FakeClock()
  store = openSqliteStore({ path: ':memory:', clock, log: silent })
  ended = []
  const realtime = { end: (_user: string, session: string) => void ended.push(session) }
  sessions = new SessionService({ store, keys, clock, realtime })
})

afterEach(() => store.close())

async function notify(user: string, id: string): Promise<number> {
  const record = JSON.stringify({ id, user_id: user, read: false })
  const outcome = await store.commit({
    partition: 0,
    ops: [
      fanoutOp(keys, user, 'notification', record, clock.now()),
      ['inbox', '', user, id, record, 0, 100],
    ],
  })
  return outcome.applied ? (outcome.results[0] ?? 0) : -1
}

const stored = async () => {
  const found = new Map<string, number | null>()
  for await (const { key, ttlMs } of store.keys()) found.set(key, ttlMs)
  return found
}

describe('SessionService', () => {
  it('connect() writes the seed’s record and indexes, which end an hour later', async () => {
    const { session_id } = await sessions.connect('ann', { deviceInfo: { os: 'x' } })
    const text = await store.get(0, `websocket:ann:${session_id}`)
    expect(JSON.parse(text ?? '')).toMatchObject({
      user_id: 'ann',
      session_id,
      device_info: { os: 'x' },
      connected_at: clock.now() / 1000,
      last_heartbeat: clock.now() / 1000,
    })
    expect(await store.members(0, 'websocket:users')).toEqual(['ann'])
    expect(await store.members(0, 'websocket:user:ann:sessions')).toEqual([session_id])
    expect((await stored()).get(`websocket:ann:${session_id}`)).toBe(60 * MINUTE_MS)
    clock.advance(61 * MINUTE_MS)
    expect(await sessions.sessionsOf('ann')).toEqual([])
  })

  it('connect() shows the ten newest unread records, read and snoozed ones left out', async () => {
    for (let n = 1; n <= 40; n++) {
      const read = n % 2 === 0
      const snoozed_until = n > 35 ? new Date(clock.now() + MINUTE_MS).toISOString() : null
      const record = JSON.stringify({ id: `n${n}`, read, snoozed_until, archived_at: null })
      await store.commit({
        partition: 0,
        ops: [['inbox', '', 'ann', `n${n}`, record, 0, 100]],
      })
    }
    const { pending } = await sessions.connect('ann')
    expect(pending.map(({ id }) => id)).toEqual(
      [35, 33, 31, 29, 27, 25, 23, 21, 19, 17].map((n) => `n${n}`),
    )
  })

  it('a fan-out reaches every session that lives, in order, and none that ended', async () => {
    expect(await notify('ann', 'before')).toBe(0)
    const { session_id: a } = await sessions.connect('ann')
    await notify('ann', 'n1')
    clock.advance(40 * MINUTE_MS)
    const { session_id: b, seq } = await sessions.connect('ann')
    await notify('ann', 'n2')
    clock.advance(30 * MINUTE_MS)
    await notify('ann', 'n3')
    const idsOf = async (session: string) =>
      (await sessions.drain('ann', session, 100)).map(({ data }) => (data as { id: string }).id)
    await expect(idsOf(a)).rejects.toMatchObject({ code: 'not_found' })
    expect(await idsOf(b)).toEqual(['n2', 'n3'])
    expect(seq).toBe(1)
    expect([...(await stored()).keys()].some((key) => key.includes(a))).toBe(false)
  })

  it('heartbeat() keeps session, queue and counter alive; without a session it says so', async () => {
    const { session_id: id } = await sessions.connect('ann')
    await notify('ann', 'n1')
    for (let n = 0; n < 4; n++) {
      clock.advance(50 * MINUTE_MS)
      expect(await sessions.heartbeat('ann', id)).toBe(3600)
    }
    expect(await sessions.backlog('ann', id)).toEqual({
      seq: 1,
      entries: [expect.stringContaining('n1')],
    })
    clock.advance(61 * MINUTE_MS)
    await expect(sessions.heartbeat('ann', id)).rejects.toMatchObject({ code: 'not_found' })
  })

  it('acknowledge() takes everything up to a number, or one record', async () => {
    const { session_id: id } = await sessions.connect('ann')
    for (const name of ['a', 'b', 'c', 'd']) await notify('ann', name)
    expect(await sessions.acknowledge('ann', id, { id: 'c', upTo: 4 })).toBe(1)
    expect(await sessions.acknowledge('ann', id, { id: 'd', upTo: 3 })).toBe(0)
    expect(await sessions.acknowledge('ann', id, 1)).toBe(1)
    const rest = await sessions.drain('ann', id, 100)
    expect(rest.map(({ seq }) => seq)).toEqual([2, 4])
  })

  it('disconnect() removes everything, tells the gateway, and keeps the user while others are there', async () => {
    const { session_id: a } = await sessions.connect('ann')
    const { session_id: b } = await sessions.connect('ann')
    await notify('ann', 'n1')
    await sessions.disconnect('ann', a)
    expect(await sessions.connectedCount()).toBe(1)
    await sessions.disconnect('ann', b)
    expect(await sessions.connectedCount()).toBe(0)
    expect(ended).toEqual([a, b])
    const left = [...(await stored()).keys()].filter((key) => key.startsWith('websocket:'))
    expect(left).toEqual(['websocket:seq:ann'])
  })

  it('detach() marks the session as away only for the socket that holds it', async () => {
    const { session_id: id } = await sessions.connect('ann', { node: 'n', connection: 'old' })
    await sessions.connect('ann', { sessionId: id, node: 'n', connection: 'new' })
    await sessions.detach('ann', id, 'old')
    expect(await sessions.connectedCount()).toBe(1)
    await sessions.detach('ann', id, 'new')
    expect(await sessions.connectedCount()).toBe(0)
    expect(await sessions.sessionsOf('ann')).toMatchObject([{ session_id: id, connected: false }])
  })

  it('sweep() takes out users whose process died, and leaves who is there', async () => {
    await sessions.connect('dead', { node: 'n', connection: 'c' })
    const { session_id: id } = await sessions.connect('device')
    clock.advance(20 * MINUTE_MS)
    await sessions.heartbeat('device', id)
    expect(await sessions.connectedCount()).toBe(2)
    expect(await sessions.sweep()).toBe(1)
    expect(await store.members(0, 'websocket:users')).toEqual(['device'])
  })

  it('keeps 40 sessions per user: those that waited longest to be resumed end first', async () => {
    for (let n = 0; n < 45; n++) {
      const { session_id } = await sessions.connect('ann', { node: 'n', connection: `${n}` })
      await sessions.detach('ann', session_id, `${n}`)
      clock.advance(1000)
    }
    const { session_id: newest } = await sessions.connect('ann', { node: 'n', connection: 'x' })
    const left = await sessions.sessionsOf('ann')
    expect(left).toHaveLength(40)
    expect(left.map(({ session_id }) => session_id)).toContain(newest)
  })

  it('many connects, detaches and disconnects at once leave the indexes true', async () => {
    const ids = Array.from({ length: 10 }, (_, n) => `s${n}`)
    await Promise.all(
      ids.map(async (sessionId, n) => {
        for (let round = 0; round < 5; round++) {
          await sessions.connect('ann', { sessionId, node: 'n', connection: `${n}` })
          await sessions.detach('ann', sessionId, `${n}`)
        }
        if (n !== 7) await sessions.disconnect('ann', sessionId)
        else await sessions.connect('ann', { sessionId, node: 'n', connection: 'stays' })
      }),
    )
    const left = await sessions.sessionsOf('ann')
    expect(left).toMatchObject([{ session_id: 's7', connected: true }])
    expect(await sessions.connectedCount()).toBe(1)
  })
})

describe('SessionController', () => {
  const contextOf = <Payload>(payload: Payload) =>
    ({ params: { user_id: 'ann' }, payload, principal: null }) as unknown as Context<
      { user_id: string },
      Payload
    >

  it('answers as the contract says, and gives what is unread to the first drain, oldest first', async () => {
    const controller = new SessionController({ sessions })
    for (const name of ['a', 'b', 'c']) await notify('ann', name)
    const connected = await controller.connect(
      contextOf({ session_id: 'device-1', device_info: { kind: 'pump' } }),
    )
    expect(connected).toEqual({ status: 'connected', session_id: 'device-1' })
    await notify('ann', 'd')
    const session = { session_id: 'device-1' }
    const first = await controller.drain(contextOf({ ...session, max: 3 }))
    const second = await controller.drain(contextOf({ ...session, max: 100 }))
    const entries = [...first.messages, ...second.messages]
    expect(entries.map(({ data }) => (data as { id: string }).id)).toEqual(['a', 'b', 'c', 'd'])
    expect(entries.map(({ seq }) => seq)).toEqual([1, 2, 3, 4])
    expect(await controller.heartbeat(contextOf(session))).toEqual({
      status: 'alive',
      expires_in: 3600,
    })
    expect(await controller.disconnect(contextOf(session))).toEqual({ status: 'disconnected' })
    await expect(controller.drain(contextOf({ ...session, max: 1 }))).rejects.toMatchObject({
      code: 'not_found',
    })
  })
})
