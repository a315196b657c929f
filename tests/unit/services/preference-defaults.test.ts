import { beforeEach, describe, expect, it } from 'vitest'
import { messageOf } from '../../../services/notifications/notification-record.ts'
import { TemplateBody } from '../../../services/templates/template-body.ts'
import { createPeople } from '../../../src/bootstrap/people.ts'
import { createTemplates } from '../../../src/bootstrap/templates.ts'
import { Keys } from '../../../src/store/keys.ts'
import { MemoryBus } from '../../../src/store/memory-bus.ts'
import { openSqliteStore } from '../../../src/store/sqlite/sqlite-store.ts'
import type { Store } from '../../../src/store/store.ts'
import { silentLog as log } from '../../support/delivery.ts'
import { FakeClock } from '../../support/fake-clock.ts'

/** The store, and which of its keys were read. */
function watched(store: Store, read: string[]): Store {
  return new Proxy(store, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target)
      if (typeof value !== 'function') return value
      return (...args: unknown[]) => {
        if (name !== 'commit') read.push(...args.flat().filter((arg) => typeof arg === 'string'))
        return value.apply(target, args)
      }
    },
  })
}

describe('[S0-076] what changes rarely is read once', () => {
  const clock = new FakeClock()
  const bus = new MemoryBus()
  let store: Store
  let read: string[]
  /** As two processes have it over one store. */
  const process = (keys = new Keys()) => {
    const parts = { store: watched(store, read), keys, bus, clock, log }
    return { ...createPeople(parts), ...createTemplates(parts) }
  }
  beforeEach(() => {
    read = []
    store = openSqliteStore({ path: ':memory:', clock, log })
  })
  const smsOf = async ({ directory }: ReturnType<typeof process>, user = 'ann') =>
    (await directory.preferences(user)).sms

  it('preferences of a tenant: by each process, and again when any process changed them', async () => {
    const [here, there] = [process(), process()]
    expect([await smsOf(here), await smsOf(there)]).toEqual([false, false])
    for (let n = 0; n < 20; n++) await here.directory.recipient(`user-${n}`)
    const times = () => read.filter((key) => key === 'preference_defaults').length
    expect(times()).toBe(2)
    await here.preferenceDefaults.save({ sms: true })
    expect([await smsOf(here), await smsOf(there)]).toEqual([true, true])
    expect(times()).toBe(4)
    // Word of a change may be lost: what was read is not used for ever.
    clock.advance(31_000)
    await smsOf(there)
    expect(times()).toBe(5)
  })

  it('of a tenant alone', async () => {
    const [acme, umbra] = [process(new Keys('acme')), process(new Keys('umbra'))]
    await acme.preferenceDefaults.save({ sms: true, email: false })
    expect([await smsOf(acme), await smsOf(umbra)]).toEqual([true, false])
  })

  it('what somebody says himself wins, and is all that is kept of him', async () => {
    const { directory, preferenceDefaults } = process()
    await directory.savePreferences('ann', { email: false })
    const key = new Keys().preferences('ann')
    expect(JSON.parse((await store.get(0, key)) ?? '')).not.toHaveProperty('sms')
    await preferenceDefaults.save({ sms: true, email: true, types: { news: { push: false } } })
    const expected = { sms: true, email: false, types: { news: { push: false } } }
    expect(await directory.preferences('ann')).toMatchObject(expected)
    expect(await directory.preferences('ann')).not.toHaveProperty('layers')
    const saved = await directory.savePreferences('ann', { types: { news: { email: true } } })
    expect(saved.types).toEqual({ news: { push: false, email: true } })
  })

  it('templates: by each process, and rendered with what the last change says', async () => {
    const [here, there] = [process(), process()]
    await here.templates.create(
      TemplateBody.parse({ name: 'hello', message_template: 'Hi {name}' }),
    )
    const render = async () => {
      const template = { name: 'hello', params: { name: 'Ann' }, keepsType: false }
      return (await there.templateRenderer.apply(messageOf({ message: 'x', template }), null))
        .message
    }
    expect(await render()).toBe('Hi Ann')
    const once = read.length
    for (let n = 0; n < 20; n++) await render()
    expect(read.length).toBe(once)
    await here.templates.update('hello', TemplateBody.parse({ message_template: 'Bye {name}' }))
    expect(await render()).toBe('Bye Ann')
  })
})
