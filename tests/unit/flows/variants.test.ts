import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { TemplateBody } from '../../../services/templates/template-body.ts'
import { FlowBench } from '../../support/flow-bench.ts'

const USERS = Array.from({ length: 60 }, (_, n) => `user-${n}`)
const DAY = '2026-01-10'

let bench: FlowBench
beforeEach(async () => {
  bench = new FlowBench({ now: Date.parse(`${DAY}T12:00Z`) })
  await bench.services.templates.create(
    TemplateBody.parse({
      ...{ name: 'sale', title_template: 'Sale', message_template: 'For {name}.' },
      variants: {
        plain: { weight: 3, locales: {} },
        loud: { weight: 1, locales: { en: { default: { title: 'SALE!' } } } },
      },
    }),
  )
})
afterEach(() => bench.store.close())

const send = (user: string, name = 'you') =>
  bench.send(user, { template: { name: 'sale', params: { name }, keepsType: false } })
const titleOf = async (user: string) => (await bench.inbox(user))[0]?.title

describe('[S0-080] variants of a template', () => {
  it('stay with a user, are given out by their weight, and are counted apart', async () => {
    await Promise.all(USERS.map((user) => send(user)))
    const first = await Promise.all(USERS.map(titleOf))
    const loud = first.filter((title) => title === 'SALE!').length
    expect(new Set(first)).toEqual(new Set(['Sale', 'SALE!']))
    expect(loud).toBeLessThan(USERS.length / 2)
    await Promise.all(USERS.map((user) => send(user)))
    expect(await Promise.all(USERS.map(titleOf))).toEqual(first)

    const reader = USERS[first.indexOf('SALE!')]!
    await bench.services.inbox.markRead(reader, (await bench.inbox(reader))[0]!.id)
    const report = await bench.services.statistics.report({ from: DAY, to: DAY, channel: 'inbox' })
    expect(report.by_variant).toMatchObject({
      plain: { sent: 2 * (USERS.length - loud), read: 0 },
      loud: { sent: 2 * loud, read: 1 },
    })
  })
})

describe('[S3.3] what parameters hold', () => {
  it.each(['$&', '$1 $` $$', '{name}', '{{ name }}', '%s \\0'])('%s is text', async (text) => {
    await send('ada', text)
    expect((await bench.inbox('ada'))[0]?.message).toBe(`For ${text}.`)
  })
})
