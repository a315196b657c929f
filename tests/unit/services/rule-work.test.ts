import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { messageOf } from '../../../services/notifications/notification-record.ts'
import { ruleJobOp } from '../../../services/rules/rule-job.ts'
import { FlowBench } from '../../support/flow-bench.ts'

describe('the work of a rule', () => {
  let bench: FlowBench
  beforeEach(() => {
    bench = new FlowBench()
  })
  afterEach(() => bench.store.close())

  it('tells people also when the event that goes with it is refused, and fails all the same', async () => {
    const { store, keys, clock, services } = bench
    services.eventTypes.define({ name: 'tank.full', schema: z.object({ level: z.number() }) })
    const telling = {
      alert: null,
      event: { name: 'tank.full', payload: { level: 'high' } },
      notify: { to: ['user:42'], message: messageOf({ message: 'The tank is full' }) },
    }
    const work = { kind: 'tell', telling } as const
    const where = { partition: 0, partitions: 1, now: clock.now() }
    await store.commit({ partition: 0, ops: [ruleJobOp(keys, { name: ['a'], work, ...where })] })
    for (let tries = 0; tries < 2; tries++) {
      const [lease] = await store.take(0, keys.queue('rule'), 1, 30_000)
      const done = services.ruleWork.handle(lease!)
      await expect(done).rejects.toMatchObject({ code: 'invalid_payload' })
      clock.leap(31_000)
      await store.reap(0, keys.queue('rule'), 5)
    }
    expect(await bench.inbox('42')).toMatchObject([{ message: 'The tank is full' }])
  })
})
