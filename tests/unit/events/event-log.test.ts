import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { EventTypes } from '../../../services/events/event-types.ts'
import { ownWork } from '../../../services/notifications/acceptance.ts'
import { localeOf } from '../../../src/notifications/composing.ts'
import { MemoryBus } from '../../../src/store/memory-bus.ts'
import { silentLog as log } from '../../support/delivery.ts'
import { FlowBench, HOUR_MS } from '../../support/flow-bench.ts'

let bench: FlowBench
beforeEach(() => {
  bench = new FlowBench()
})
afterEach(() => bench.store.close())

describe('EventLog.cleanUp()', () => {
  it('[S3-011 S3-012 S3-033 S3-034] takes out what is past its retention, and never preferences or templates', async () => {
    const { events, eventTypes, directory, templates } = bench.services
    eventTypes.define({ name: 'short.lived', retentionHours: 1 })
    const source = { identity: ownWork, sourceUser: null }
    const short = await events.record('short.lived', {}, source)
    const long = await events.record('product.created', {}, source)
    await directory.savePreferences('ada', { sms: true })
    await templates.create({ name: 'hello', message_template: 'Hello {name}' } as never)
    bench.clock.advance(2 * HOUR_MS)
    expect(await events.cleanUp(0)).toBe(1)
    expect((await events.list(10, null)).map(({ id }) => id)).toEqual([long.event_id])
    await expect(events.find(short.event_id)).rejects.toMatchObject({ code: 'not_found' })
    bench.clock.advance(72 * HOUR_MS)
    expect(await events.cleanUp(0)).toBe(1)
    expect(await events.cleanUp(0)).toBe(0)
    expect(await directory.preferences('ada')).toMatchObject({ sms: true })
    const text = JSON.stringify(await templates.list())
    expect(text).toContain('hello')
  })
})

describe('EVENT_UNKNOWN_TYPES', () => {
  it.each([true, false])('refuse is %s', async (refusesUnknown) => {
    const types = new EventTypes({ ...bench, bus: new MemoryBus(), log, refusesUnknown })
    types.define({ name: 'order.shipped' })
    expect(await types.check('order.shipped', { id: 1 })).toEqual({ id: 1 })
    const unknown = () => types.check('order.lost', { id: 1 })
    if (refusesUnknown) await expect(unknown()).rejects.toThrow('there are order.shipped')
    else expect(await unknown()).toEqual({ id: 1 })
  })
})

describe('localeOf()', () => {
  it.each([
    [{ own: 'fr', call: 'de', person: 'it', listed: 'es', tenant: 'pt' }, 'fr'],
    [{ call: 'de', person: 'it', listed: 'es', tenant: 'pt' }, 'de'],
    [{ person: 'it', listed: 'es', tenant: 'pt' }, 'it'],
    [{ listed: 'es', tenant: 'pt' }, 'es'],
    [{ tenant: 'pt' }, 'pt'],
    [{}, 'en'],
  ])('%j: %s', (said: Readonly<Record<string, string>>, expected) => {
    const { own, call = null, person = null, listed = null, tenant } = said
    const composing = {
      notification: own === undefined ? {} : { locale: own },
      to: { preferredLocale: () => person },
      locale: call,
      ...(tenant === undefined ? {} : { defaultLocale: tenant }),
    }
    expect(localeOf({ locale: listed }, composing as never)).toBe(expected)
  })
})
