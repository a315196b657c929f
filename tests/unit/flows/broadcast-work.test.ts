import { beforeEach, describe, expect, it } from 'vitest'
import { ownWork } from '../../../services/notifications/acceptance.ts'
import { EVERYBODY } from '../../../services/notifications/broadcast-record.ts'
import { messageOf } from '../../../services/notifications/notification-record.ts'
import { DAY_MS, FlowBench, HOUR_MS } from '../../support/flow-bench.ts'

describe('the work of a broadcast', () => {
  let bench: FlowBench
  beforeEach(() => {
    bench = new FlowBench()
  })

  const announce = (sendAt: number | null) =>
    bench.services.broadcasts.announce({
      audience: EVERYBODY,
      message: messageOf({ message: 'To all', sendAt }),
      identity: ownWork,
      status: 'broadcast_sent',
    })

  it('is there at its moment, however long it waited', async () => {
    await bench.send('42')
    await announce(bench.clock.now() + 30 * DAY_MS)
    bench.clock.leap(30 * DAY_MS)
    await bench.work()
    const [newest] = await bench.inbox('42')
    expect(newest).toMatchObject({ message: 'To all' })
  })

  it('is there at another moment, too', async () => {
    await bench.send('42')
    const { broadcast_id: id } = await announce(bench.clock.now() + HOUR_MS)
    await bench.services.cancellation.reschedule(id, bench.clock.now() + 30 * DAY_MS)
    bench.clock.leap(30 * DAY_MS)
    await bench.work()
    const [newest] = await bench.inbox('42')
    expect(newest).toMatchObject({ message: 'To all' })
  })

  it('is not begun anew by a worker that lost it and comes to itself after another has done it', async () => {
    const { store, keys, services } = bench
    const users = Array.from({ length: 700 }, (_, n) => ['zadd', keys.users(), 0, `u${n}`] as const)
    await store.commit({ partition: 0, ops: users })
    const { broadcast_id: id } = await announce(null)
    const queue = keys.queue('broadcast')
    const [lost] = await store.take(0, queue, 1, 30_000)
    bench.clock.leap(40_000)
    await store.reap(0, queue, 5)
    await bench.work()
    expect(await services.broadcasts.find(id)).toMatchObject({ status: 'done', sent_count: 700 })
    const late = services.broadcasts.handle(lost!, new AbortController().signal)
    await expect(late).rejects.toThrow('Another worker goes on')
    expect(await services.broadcasts.find(id)).toMatchObject({ status: 'done', sent_count: 700 })
  })

  it('tells nobody twice when it is done again, whoever has come meanwhile', async () => {
    const { store, keys, services } = bench
    const known = (names: readonly string[]) =>
      store.commit({ partition: 0, ops: names.map((name) => ['zadd', keys.users(), 0, name]) })
    const names = Array.from({ length: 1_200 }, (_, n) => `u${String(n).padStart(4, '0')}`)
    await known(names)
    const { broadcast_id: id } = await announce(null)
    const [lost] = await store.take(0, keys.queue('broadcast'), 1, 30_000)
    await expect(services.broadcasts.handle(lost!, AbortSignal.abort())).rejects.toThrow('abort')
    // They push the first chunk's last people, who have been told, into a chunk of their own.
    await known(Array.from({ length: 600 }, (_, n) => `u0000-${String(n).padStart(3, '0')}`))
    bench.clock.leap(40_000)
    await store.reap(0, keys.queue('broadcast'), 5)
    await bench.work()
    expect(await services.broadcasts.find(id)).toMatchObject({ status: 'done' })
    const inboxes = await Promise.all(names.map((name) => bench.inbox(name)))
    expect(inboxes.filter(({ length }) => length !== 1)).toEqual([])
  })
})
