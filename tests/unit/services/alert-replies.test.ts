import { beforeEach, describe, expect, it, vi } from 'vitest'
import { wishOf } from '../../../services/telephone/alert-replies.ts'
import { Unavailable } from '../../../src/support/errors.ts'
import { AlertBench } from '../../support/alert-bench.ts'

const PHONE = '+12025550123'

describe('wishOf()', () => {
  it.each([
    ['a', { verb: 'acknowledge', which: 'last', wholeSource: false }],
    ['"Ack"', { verb: 'acknowledge', which: 'last', wholeSource: false }],
    ['close', { verb: 'resolve', which: 'last', wholeSource: false }],
    ['E', { verb: 'escalate', which: 'last', wholeSource: false }],
    ['12a', { verb: 'acknowledge', which: { code: 12 }, wholeSource: false }],
    ['12 c', { verb: 'resolve', which: { code: 12 }, wholeSource: false }],
    ['3aa', { verb: 'acknowledge', which: { code: 3 }, wholeSource: true }],
    ['3 CC', { verb: 'resolve', which: { code: 3 }, wholeSource: true }],
    ['ack #12', { verb: 'acknowledge', which: { code: 12 }, wholeSource: false }],
    ['close 0190ab-7', { verb: 'resolve', which: { id: '0190ab-7' }, wholeSource: false }],
  ])('understands %s', (text, wish) => {
    expect(wishOf(text)).toEqual(wish)
  })

  it.each(['thanks', 'a lot', 'on my way', '', 'ca'])('%s is about something else', (text) => {
    expect(wishOf(text)).toBeNull()
  })
})

describe('a text message to us', () => {
  let bench: AlertBench
  beforeEach(() => {
    bench = new AlertBench()
  })

  const reply = (text: string, id: string | null = null) =>
    bench.services.smsReplies.receive({ id, from: PHONE, text, optOut: null })
  const told = async (alert_id: string) => {
    const { replyCodes, smsConsent } = bench.services
    await smsConsent.remember(PHONE, {
      user_id: 'ada',
      notification_id: 'n',
      alert_ids: [alert_id],
    })
    return replyCodes.codeFor(PHONE, { alert_id, user_id: 'ada' })
  }

  it('[S1-057] acknowledges the last alert, or that of a code, in the name of whoever was told', async () => {
    const [one, two] = [await bench.raise(), await bench.raise({ source: 'hall 4' })]
    expect([await told(one), await told(two), await told(one)]).toEqual([1, 2, 1])
    expect(await reply('2a')).toContain('Acknowledged.')
    expect(await bench.show(two)).toMatchObject({ status: 'acknowledged', acknowledged_by: 'ada' })
    expect((await bench.show(one)).status).toBe('triggered')
    await reply('close')
    expect(await bench.show(one)).toMatchObject({ status: 'resolved', resolved_by: 'ada' })
    expect(await reply('1a')).toContain('resolved already')
    expect(await reply('77a')).toContain('no such alert')
    expect(await reply(`ack ${two}`)).toContain('Acknowledged.')
  })

  it('that Twilio tells us of twice has one effect; the same words in another one have theirs', async () => {
    await bench.onCall('fire', 'ada')
    const id = await bench.raise()
    const code = await told(id)
    const steps: number[] = []
    for (const sms of ['SM1', 'SM1', 'SM2', 'SM2']) {
      expect(await reply(`${code}e`, sms)).toContain('Escalated.')
      steps.push((await bench.show(id)).loop * 2 + (await bench.show(id)).step)
    }
    expect(steps).toEqual([1, 1, 2, 2])
    for (const _ of [1, 2]) expect(await reply(`${code}c`, 'SM3')).toContain('Resolved.')
  })

  it('is answered so that the person knows when nothing can be done at this moment', async () => {
    const code = await told(await bench.raise())
    const away = vi.spyOn(bench.store, 'commit').mockRejectedValue(new Unavailable('away'))
    expect(await reply(`${code}a`)).toContain('Send it again in a minute.')
    away.mockRestore()
    expect(await reply(`${code}a`)).toContain('Acknowledged.')
  })

  it('is about all the alerts that were told together', async () => {
    const ids = [await bench.raise(), await bench.raise({ source: 'hall 4' })]
    const { replyCodes, smsConsent } = bench.services
    const [first = ''] = ids
    const single = await told(first)
    const group = { alert_id: first, alert_ids: ids, user_id: 'ada' }
    const code = await replyCodes.codeFor(PHONE, group)
    expect([single, code, await replyCodes.codeFor(PHONE, group)]).toEqual([1, 2, 2])
    expect(await reply('2a')).toContain('Acknowledged: 2 alerts.')
    for (const id of ids) expect(await bench.show(id)).toMatchObject({ acknowledged_by: 'ada' })
    await smsConsent.remember(PHONE, { user_id: 'ada', notification_id: 'n', alert_ids: ids })
    expect(await reply('c')).toContain('Resolved: 2 alerts.')
  })

  it('two letters are for everything of one source', async () => {
    const mine = [await bench.raise(), await bench.raise({ type: 'smoke' })]
    const other = await bench.raise({ source: 'hall 4' })
    const code = await told(mine[0]!)
    expect(await reply(`${code}aa`)).toContain('Acknowledged: 2 alerts.')
    const statuses = await Promise.all(
      [...mine, other].map(async (id) => (await bench.show(id)).status),
    )
    expect(statuses).toEqual(['acknowledged', 'acknowledged', 'triggered'])
  })
})
