import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { FlowBench } from '../../support/flow-bench.ts'

describe('[S0-076] what was parsed of somebody', () => {
  let here: FlowBench
  let elsewhere: FlowBench
  beforeEach(() => {
    here = new FlowBench()
    // Another process on the same store.
    elsewhere = new FlowBench({ store: here.store, clock: here.clock })
  })
  afterEach(() => here.store.close())

  const asked = (id = 'ada') => here.services.directory.recipient(id)

  it('is used again while nothing has changed', async () => {
    await here.services.directory.save('ada', { email: 'ada@example.com' })
    await here.services.directory.savePreferences('ada', { sms: true })
    const first = await asked()
    const again = await asked()
    expect(first).toMatchObject({ user: { email: 'ada@example.com' }, preferences: { sms: true } })
    expect(again.user).toBe(first.user)
    expect(again.preferences).toBe(first.preferences)
  })

  it('is not once another process has changed it: the next message goes by the new words', async () => {
    await here.services.directory.save('ada', { email: 'ada@example.com' })
    for (let n = 0; n < 20; n++) {
      const isWanted = n % 2 === 1
      await asked()
      await elsewhere.services.directory.savePreferences('ada', { email: isWanted })
      const { channels } = await here.send('ada', { priority: 'high' })
      expect(channels.includes('email')).toBe(isWanted)
    }
    await elsewhere.services.directory.save('ada', { email: null })
    expect((await asked()).user.email).toBeNull()
  })

  it('is not once a script has written over it, added a device, or the defaults are others', async () => {
    await here.services.directory.savePreferences('ada', { sms: true })
    await asked()
    const { keys } = here
    const ops = [
      ['set', keys.preferences('ada'), '{"sms":false}', 0],
      ['sadd', keys.pushTokens('ada'), 'token'],
    ] as const
    await here.store.commit({ partition: 0, ops })
    expect(await asked()).toMatchObject({ hasDevices: true, preferences: { sms: false } })
    await here.services.preferenceDefaults.save({ email: false })
    expect((await asked()).preferences.email).toBe(false)
    await here.store.commit({ partition: 0, ops: [['del', keys.preferences('ada')]] })
    expect((await asked()).preferences.sms).toBe(false)
  })

  it('is kept apart for tenants, and for more people than are kept', async () => {
    const theirs = new FlowBench({ store: here.store, clock: here.clock, tenant: 'acme' })
    await here.services.directory.save('ada', { email: 'ada@example.com' })
    await theirs.services.directory.save('ada', { email: 'ada@acme.example' })
    const people = Array.from({ length: 5000 }, (_, n) => `p${n}`)
    await Promise.all(
      people.map((id) => here.services.directory.save(id, { email: `${id}@example.com` })),
    )
    for (const round of [0, 1]) {
      const found = await Promise.all(people.map(asked))
      expect(
        found.map(({ user }) => user.email),
        `${round}`,
      ).toEqual(people.map((id) => `${id}@example.com`))
      expect((await asked()).user.email).toBe('ada@example.com')
      const { user } = await theirs.services.directory.recipient('ada')
      expect(user.email).toBe('ada@acme.example')
    }
  })
})
