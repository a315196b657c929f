import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { AlertTeller } from '../../../services/alerts/alert-teller.ts'
import { ContactMethods } from '../../../services/alerts/contact-methods.ts'
import { NotificationRules } from '../../../services/alerts/notification-rules.ts'
import { Unavailable } from '../../../src/support/errors.ts'
import { silentLog as log } from '../../support/delivery.ts'
import { FlowBench } from '../../support/flow-bench.ts'

describe('telling people of an alert', () => {
  let bench: FlowBench
  let teller: AlertTeller
  beforeEach(() => {
    bench = new FlowBench()
    const { store, keys, clock, services } = bench
    const { notifications, directory, direct } = services
    const contacts = new ContactMethods({ store, keys, clock, directory, direct })
    const rules = new NotificationRules({ store, keys, contacts })
    teller = new AlertTeller({ store, log, notifications, rules })
  })
  afterEach(() => bench.store.close())

  it('does not wait for somebody whose own rules cannot be read', async () => {
    const { store, keys } = bench
    const broken = keys.notificationRules('bad')
    await store.commit({ partition: 0, ops: [['set', broken, '{oops', 0]] })
    const rules = JSON.stringify([{ channel: 'push', delay_minutes: 5, severity: null }])
    const own = keys.notificationRules('ada')
    await store.commit({ partition: 0, ops: [['set', own, rules, 0]] })
    const plans = await teller.plans(['bad', 'ada'], 'critical', null)
    expect([...plans]).toMatchObject([['ada', { later: [{ delayMinutes: 5 }] }]])
  })

  it('does not wait for somebody whose part of the store is away', async () => {
    bench.store.get = () => Promise.reject(new Unavailable('away'))
    expect(await teller.plans(['ada'], 'critical', null)).toEqual(new Map())
  })
})
