import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { TemplateBody } from '../../../services/templates/template-body.ts'
import { FlowBench } from '../../support/flow-bench.ts'

describe('preferences of a kind of message', () => {
  let bench: FlowBench
  beforeEach(async () => {
    bench = new FlowBench()
    await bench.services.directory.save('ada', { email: 'ada@example.com', phone: '+12025550123' })
  })
  afterEach(() => bench.store.close())

  it('of a template: until the user or his tenant says something else', async () => {
    const { templates, directory, preferenceDefaults } = bench.services
    const body = { name: 'spill', title_template: 'Spill', message_template: 'Look out' }
    await templates.create(
      TemplateBody.parse({ ...body, preferences: { sms: true, email: false } }),
    )
    const template = { name: 'spill', params: {}, keepsType: false }
    const channels = ['sms', 'email'] as const
    const sent = async () => (await bench.send('ada', { template, channels })).channels
    expect(await sent()).toEqual(['sms'])
    await preferenceDefaults.save({ email: true })
    expect(await sent()).toEqual(['email', 'sms'])
    await directory.savePreferences('ada', { sms: false })
    expect(await sent()).toEqual(['email'])
    expect(TemplateBody.safeParse({ ...body, preferences: { fax: true } }).success).toBe(false)
  })

  it('of an event type: for whoever is told of such events', async () => {
    const { eventTypes, notifiableEvents } = bench.services
    eventTypes.define({ name: 'pump.failed', preferences: { push: true, email: false } })
    const create = (eventType: string) =>
      notifiableEvents.create({ eventType, userId: 'ada', params: {} })
    const ids = [await create('pump.failed'), await create('pump.mended')]
    for (const id of ids) await notifiableEvents.process(id)
    const found = await bench.inbox('ada')
    const skippedOf = (id: string | undefined) => found.find((each) => each.id === id)?.skipped
    expect(skippedOf(ids[0])).toMatchObject({ email: 'preference' })
    expect(skippedOf(ids[1])?.email).toBeUndefined()
    expect(await eventTypes.list()).toMatchObject([{ preferences: { push: true, email: false } }])
  })
})
