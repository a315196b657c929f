import { beforeEach, describe, expect, it } from 'vitest'
import { findDelivery } from '../../../services/deliveries/find-delivery.ts'
import { QueueRoutes } from '../../../services/deliveries/queue-routes.ts'
import { InvalidPayload } from '../../../src/support/errors.ts'
import { FlowBench, HOUR_MS } from '../../support/flow-bench.ts'

describe('[S0-075] QueueRoutes', () => {
  it('the first that fits a type says its queue; others have none', () => {
    const routes = new QueueRoutes([
      { type: 'report.daily', queue: 'daily' },
      { type: 'report.*', queue: 'slow' },
    ])
    expect(routes.queueOf('report.daily')).toBe('daily')
    expect(routes.queueOf('report.weekly.sales')).toBe('slow')
    expect(routes.queueOf('a report.daily')).toBeNull()
    expect(() => routes.add({ type: 'x', queue: 'Mails!' })).toThrow(InvalidPayload)
  })
})

describe('[S0-075] deliveries of a type that has a queue of its own', () => {
  let bench: FlowBench
  beforeEach(async () => {
    bench = new FlowBench()
    const { queueRoutes, queueNames, directory } = bench.services
    queueRoutes.add({ type: 'bulk.*', queue: 'bulk' })
    await queueRoutes.open(queueNames)
    await directory.save('ann', { email: 'ann@example.com', phone: '+12025550123' })
  })
  const send = (type: string, more = {}) =>
    bench.send('ann', { type, channels: ['email'], ...more })
  const waiting = async (name: string) => {
    const { ready, scheduled } = await bench.services.queues.state(name)
    return (ready.normal ?? 0) + scheduled
  }

  it('wait there, all channels alike; those of other types in the queue of their channel', async () => {
    await bench.services.directory.savePreferences('ann', { sms: true })
    await send('bulk.offer', { channels: ['email', 'sms'] })
    await send('order')
    expect([await waiting('bulk'), await waiting('email'), await waiting('sms')]).toEqual([2, 1, 0])
    const jobs = await bench.jobs('bulk')
    expect(jobs.map(({ channel, queue }) => [channel, queue])).toEqual([
      ['email', 'bulk'],
      ['sms', 'bulk'],
    ])
  })

  it('are found there when they are looked up, changed, put off and taken back', async () => {
    const { recall, cancellation, queues } = bench.services
    const { notification_id: id } = await send('bulk.offer')
    const delivery = `${id}.email`
    expect(await findDelivery(bench, 'email', delivery)).toMatchObject({ queue: 'bulk' })
    await recall.update(id, { title: 'New words' })
    expect(await queues.delivery(delivery)).toMatchObject({ queue: 'bulk', subject: 'New words' })
    const later = bench.clock.now() + HOUR_MS
    expect(await cancellation.reschedule(delivery, later)).toMatchObject({ status: 'rescheduled' })
    expect((await queues.state('bulk')).scheduled).toBe(1)
    expect(await cancellation.cancel(delivery)).toEqual({ status: 'canceled' })
    expect(await waiting('bulk')).toBe(0)
  })

  it('do not go out any more when the notification is deleted or its recipient erased', async () => {
    const { recall, personalData } = bench.services
    const { notification_id: id } = await send('bulk.offer')
    await recall.remove('ann', id)
    expect(await waiting('bulk')).toBe(0)
    await send('bulk.offer')
    await personalData.erase('ann')
    expect(await waiting('bulk')).toBe(0)
  })
})
