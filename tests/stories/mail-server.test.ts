import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startSmtp, type TestSmtp } from '../support/servers.ts'
import { waitFor } from '../support/wait-for.ts'
import { fresh, type Json, World } from './world.ts'

const SEND = 'notifications/email/send'

describe('with a mail server', () => {
  let smtp: TestSmtp
  let world: World
  beforeAll(async () => {
    smtp = await startSmtp()
    world = await World.open({
      env: { SMTP_URL: smtp.url, MAIL_FROM: 'Belfry <bell@example.com>' },
    })
  })
  afterAll(async () => {
    await world?.close()
    await smtp?.stop()
  })

  const send = async (to: string) => {
    const mail = { to, subject: `Subject ${to}`, body: 'Words', html_body: '<b>Words</b>' }
    return (await world.device('311').ask(SEND, mail)).email_id as string
  }
  const address = () => `${fresh('mail')}@example.com`
  const settled = (id: string, status: string) =>
    waitFor(async () => {
      const job = await world.http('GET', `/api/deliveries/${id}`)
      return job.status === status ? job : null
    })

  it('[S1-002 S1-016] a mail arrives there, and nothing in the outbox', async () => {
    const to = address()
    const id = await send(to)
    expect(await settled(id, 'sent')).toMatchObject({ attempts: 1 })
    const mail = smtp.mails.find((one) => one.to.includes(to))
    expect(mail?.from).toBe('bell@example.com')
    expect(mail?.raw).toContain(`Subject: Subject ${to}`)
    expect(mail?.raw).toMatch(/multipart\/alternative/)
    expect(await world.outboxOf('email', to)).toEqual([])
  })

  it('[S1-006 S1-067] a mail that is turned away for now is tried again, at most three times', async () => {
    const [slow, never] = [address(), address()]
    smtp.behave({ code: 451 })
    const [slowId, neverId] = [await send(slow), await send(never)]
    await waitFor(async () => {
      return (await world.http('GET', `/api/deliveries/${slowId}`)).history.length > 0
    })
    smtp.behave((to) => (to === never ? { code: 451 } : 'accept'))
    const late = await settled(slowId, 'sent')
    const outcomes: string[] = late.history.map(({ outcome }: Json) => outcome)
    expect([outcomes[0], outcomes.at(-1)]).toEqual(['retry', 'sent'])
    expect(smtp.mails.filter((one) => one.to.includes(slow))).toHaveLength(1)
    const failed = await settled(neverId, 'failed')
    expect(failed).toMatchObject({ attempts: 3, max_attempts: 3 })
    expect(smtp.mails.filter((one) => one.to.includes(never))).toEqual([])
  })

  it('[S1-067] a mail that is refused for good is shown, and can be sent again by hand', async () => {
    const to = address()
    smtp.behave({ code: 550, message: 'no such mailbox' })
    const id = await send(to)
    const failed = await settled(id, 'failed')
    expect(failed).toMatchObject({ attempts: 1 })
    expect(failed.history[0].reason).toContain('550')
    const { data } = await world.http('GET', '/api/queues/email/failed?limit=100')
    expect(data.map((job: Json) => job.id)).toContain(id)
    smtp.behave('accept')
    await world.http('POST', '/api/queues/email/retry', { id })
    await settled(id, 'sent')
    expect(smtp.mails.filter((one) => one.to.includes(to))).toHaveLength(1)
  })
})
