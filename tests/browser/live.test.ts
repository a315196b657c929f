import { afterAll, beforeAll, describe, it } from 'vitest'
import { startService, type TestService } from '../support/service.ts'
import { waitFor } from '../support/wait-for.ts'
import { requireBrowser, startBrowser, type TestBrowser } from './support/browser.ts'
import { leave, visit } from './support/workshop.ts'

describe.skipIf(!requireBrowser())('Live: everything that happens', () => {
  let service: TestService
  let browser: TestBrowser

  beforeAll(async () => {
    ;[service, browser] = await Promise.all([startService(), startBrowser()])
  })
  afterAll(async () => {
    await Promise.all([service?.stop(), browser?.close()])
  })

  /** A Live page whose connection is up, so that nothing of what follows is missed. */
  async function openLive(hash = '#/live') {
    const tab = await browser.open(`${service.url}/${hash}`)
    const isLive = tab.page.getByText('Live: what happens is seen as it happens')
    await isLive.waitFor({ state: 'attached' })
    return tab
  }

  it('a domain event, and what its listeners made of it', async () => {
    const tab = await openLive()
    const { page } = tab
    const event = { name: 'order.shipped', payload: { order: 'A-17', carrier: 'Post' } }
    await service.api('POST', '/api/events', event, { 'x-belfry-user': 'shop' })
    const row = page.getByRole('link', { name: /order\.shipped/ })
    await row.getByText('processed').waitFor()
    await row.click()
    const panel = page.getByRole('complementary', { name: 'order.shipped' })
    await panel.getByText('"A-17"').first().waitFor()
    await panel.getByText('HTTP POST /api/events').waitFor()
    await panel.getByText('Every listener has heard of it').waitFor()
    // The address alone is enough for somebody who was not looking.
    await page.reload()
    await panel.getByText('Logged').waitFor()
    await panel.getByText('processed').first().waitFor()
    await leave(tab)
  })

  it('a session that comes, is cut, comes back and is ended', async () => {
    const tab = await openLive('#/live?kind=session&q=kilroy')
    const { page } = tab
    const row = page.getByRole('link', { name: /Session.*kilroy/s })
    const url = `${service.url.replace('http', 'ws')}/ws?user_id=kilroy&session_id=phone-1`
    const connect = async (state: string) => {
      const socket = new WebSocket(url)
      await row.getByText(state, { exact: true }).waitFor()
      return socket
    }
    const first = await connect('connected')
    first.close()
    await row.getByText('away').waitFor()
    await connect('resumed')
    await row.click()
    await service.api('DELETE', '/api/connections/phone-1?user_id=kilroy')
    const panel = page.getByRole('complementary', { name: 'Session' })
    await panel.getByText('Came back, and gets what it missed').waitFor()
    await panel.getByText('Ended', { exact: true }).waitFor()
    await leave(tab)
  })

  it('[S0-085] a message that nobody got: by HTTP, by MQTT, collected, put off', async () => {
    await service.api('PUT', '/api/users/dora/preferences', { muted_types: ['advert'] })
    const tab = await openLive()
    const { page } = tab
    const send = (message: object) =>
      service.api('POST', '/api/notifications', { to: 'user:dora', message: 'M', ...message })
    await send({ title: 'Buy this', type: 'advert' })
    await page.getByRole('link', { name: /Buy this.*not sent/s }).click()
    const panel = page.getByRole('complementary', { name: 'Buy this' })
    await panel.getByText('the recipient muted this type').waitFor()
    await panel.getByText('HTTP POST /api/notifications').waitFor()

    const topic = 'notifications/realtime/user/dora'
    const payload = { title: 'Buy that', message: 'M', type: 'advert' }
    await service.api('POST', '/api/routes/publish', { topic, payload })
    await page.getByRole('link', { name: /Buy that/ }).waitFor()
    await send({ title: 'One of many', digest: { window: '1h' } })
    await page.getByRole('link', { name: /One of many.*collected with others/s }).waitFor()
    await send({ title: 'Tomorrow', send_at: new Date(Date.now() + 86_400_000).toISOString() })
    await page.getByRole('link', { name: /Tomorrow.*scheduled/s }).waitFor()
    await leave(tab)
  })

  it('a mail to a bare address, to the last attempt', async () => {
    const tab = await openLive()
    const { page } = tab
    const mail = { to: 'eve@example.com', subject: 'Directly', body: 'Hello' }
    const topic = 'notifications/email/send'
    await service.api('POST', '/api/routes/publish', { topic, payload: mail })
    await page.getByRole('link', { name: /Directly.*eve@example\.com/s }).click()
    const panel = page.getByRole('complementary', { name: 'Directly' })
    await panel.getByText(`MQTT publish on ${topic}`).waitFor()
    await panel.getByText('email: sent').waitFor()
    await leave(tab)
  })

  it('the topic of a message is known to those who were not looking', async () => {
    const topic = 'notifications/realtime/user/late'
    const payload = { title: 'Earlier', message: 'M' }
    await service.api('POST', '/api/routes/publish', { topic, payload })
    const id = await waitFor(async () => {
      const { body } = await service.api('GET', '/api/notifications?user_id=late')
      return body.data[0]?.id ?? null
    })
    const tab = await openLive()
    await visit(tab.page, `live/${id}`, 'Live')
    const panel = tab.page.getByRole('complementary', { name: 'Earlier' })
    await panel.getByText(`MQTT publish on ${topic}`).waitFor()
    await leave(tab)
  })
})
