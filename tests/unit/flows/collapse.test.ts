import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { FlowBench } from '../../support/flow-bench.ts'

describe('a notification that takes the place of an earlier one', () => {
  let bench: FlowBench
  beforeEach(() => {
    bench = new FlowBench()
  })
  afterEach(() => bench.store.close())

  it('does so however many come at once, and the last one stays', async () => {
    const sent = await Promise.all(
      Array.from({ length: 200 }, (_, n) =>
        bench.send('42', { message: `${n} %`, collapseKey: 'progress' }),
      ),
    )
    expect(new Set(sent.map(({ notification_id }) => notification_id)).size).toBe(1)
    expect(await bench.inbox('42')).toMatchObject([{ message: '199 %', version: 200 }])
    expect(await bench.services.inbox.unreadCount('42')).toBe(1)
  })

  it('is not written a second time when the answer to its write was lost', async () => {
    await bench.services.directory.save('42', { email: 'ada@example.com' })
    const id = '019b8e4e-2c00-7c7e-bf0b-0d7a5b3c1a2b'
    const again = () => bench.send('42', { collapseKey: 'k', channels: ['email'] }, { id })
    await again()
    expect(await bench.jobs('email')).toHaveLength(1)
    expect(await again()).toMatchObject({ status: 'sent', notification_id: id })
    expect(await bench.inbox('42')).toMatchObject([{ id, version: 1 }])
  })
})
