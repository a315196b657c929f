import { afterEach, beforeEach, expect, it } from 'vitest'
import { withReplyCode } from '../../../services/channels/reply-code.ts'
import { AlertBench } from '../../support/alert-bench.ts'

let bench: AlertBench
beforeEach(async () => {
  bench = new AlertBench()
  await bench.person('ada')
  await bench.onCall('disk_full', 'ada')
})
afterEach(() => bench.store.close())

const disk = (given: object = {}) =>
  bench.raise({
    ...{ type: 'disk_full', message: '/var is full', source: 'web-1', affectedSystems: ['shop'] },
    ...given,
  })

/** What is about to be sent by a channel. */
async function jobs(channel: string): Promise<Record<string, unknown>[]> {
  const leases = await bench.store.take(0, bench.keys.queue(channel), 100, 30_000)
  return leases.map(({ job }) => JSON.parse(job))
}

it('[S1-051 S1-052] whoever is told of an alert reads where it is, and the text keeps its form', async () => {
  const id = await disk()
  expect(await bench.heard('ada')).toMatchObject([{ message: '/var is full' }])
  const [mail] = await jobs('email')
  expect(mail).toMatchObject({
    subject: 'CRITICAL ALERT: disk_full',
    body: '/var is full\n\nweb-1 · affects shop\nsince 2026-01-05 12:00 UTC',
  })
  const [sms] = await jobs('sms')
  expect(sms).toMatchObject({ message: 'CRITICAL: disk_full - /var is full' })
  const bodies: string[] = []
  const provider = {
    name: 'line',
    send: async (job: object) => {
      bodies.push((job as { message: string }).message)
      return { status: 'sent' as const }
    },
  }
  const coded = withReplyCode(provider, bench.services.replyCodes)
  await coded.send(sms as never, new AbortController().signal)
  expect(bodies).toEqual([
    'CRITICAL: disk_full - /var is full\nFrom web-1.\n\nReply 1a to acknowledge, 1c to close.',
  ])
  await bench.pass(5)
  expect(await jobs('voice')).toMatchObject([
    { message: 'CRITICAL: disk full - /var is full, source web-1, affects shop.' },
  ])
  await jobs('sms')
  await bench.services.alertActions.acknowledge(id, { who: 'grace', note: null })
  await bench.work()
  expect(await jobs('sms')).toMatchObject([
    { message: 'Acknowledged by grace: disk_full - /var is full (web-1 · affects shop)' },
  ])
})

it('what the words say already is not said again', async () => {
  await disk({ message: '/var of web-1 is full: shop is down' })
  expect(await jobs('email')).toMatchObject([{ body: '/var of web-1 is full: shop is down' }])
})

it('whoever acknowledged is not rung to hear that he did', async () => {
  await bench.onCall('disk_full', 'grace')
  await bench.person('grace', { phone: '+12025550124' })
  const id = await disk()
  await jobs('sms')
  await bench.services.alertActions.acknowledge(id, { who: 'ada', note: null })
  await bench.work()
  expect(await jobs('sms')).toMatchObject([{ user_id: 'grace' }])
  expect(await bench.heardTypes('ada')).toEqual(['alert.critical', 'alert.acknowledged'])
})
