import { readFile } from 'node:fs/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startService, type TestService } from '../support/service.ts'
import { waitFor } from '../support/wait-for.ts'
import { accessibilityViolations } from './support/accessibility.ts'
import {
  requireBrowser,
  SCREENS,
  startBrowser,
  type TestBrowser,
  takePicture,
} from './support/browser.ts'
import { leave, raiseAlert, visit } from './support/workshop.ts'

describe.skipIf(!requireBrowser())('the dashboard, where something is put right', () => {
  let service: TestService
  let browser: TestBrowser
  const open = (hash: string, screen: keyof typeof SCREENS = 'desktop') =>
    browser.open(`${service.url}/${hash}`, SCREENS[screen])

  beforeAll(async () => {
    ;[service, browser] = await Promise.all([startService(), startBrowser()])
    const ada = { email: 'ada@example.com', phone: '+12025550123', data: { note: '=1+1, "x"' } }
    await service.api('PUT', '/api/users/ada', ada)
    await service.api('POST', '/api/oncall/temperature', { members: ['ada'] })
  })
  afterAll(async () => {
    await Promise.all([service?.stop(), browser?.close()])
  })

  it('[S4-051] what was refused goes through again, once nothing is against it', async () => {
    await service.api('PUT', '/api/users/zed/preferences', { muted_types: ['advert'] })
    const topic = 'notifications/realtime/user/zed'
    const payload = { title: 'Second chance', message: 'M', type: 'advert' }
    await service.api('POST', '/api/routes/publish', { topic, payload })
    const tab = await open('#/system/dead-letters')
    const { page } = tab
    await page.getByRole('link', { name: /filtered/ }).click()
    const panel = page.getByRole('complementary')
    await panel.getByText(topic).first().waitFor()
    await service.api('PUT', '/api/users/zed/preferences', { muted_types: [] })
    await panel.getByRole('button', { name: 'Replay' }).click()
    await waitFor(async () => {
      const { body } = await service.api('GET', '/api/notifications?user_id=zed')
      return body.data.some(({ title }: { title: string }) => title === 'Second chance')
    })
    await page.getByText('Nothing was refused').waitFor()
    await leave(tab)
  })

  it('an alert is escalated and resolved in one tap each, on a telephone, and the log says so', async () => {
    const id = await raiseAlert(service, 'Boiler at 98 °C')
    const tab = await open(`#/alerts/${id}`, 'phone')
    const panel = tab.page.getByRole('complementary', { name: 'Boiler at 98 °C' })
    await panel.getByRole('button', { name: 'Escalate' }).tap()
    await tab.page.getByText('The next step is being told.').waitFor()
    await panel.getByText('escalated').first().waitFor()
    await panel.getByRole('button', { name: 'Resolve' }).tap()
    await panel.getByText('resolved').first().waitFor()
    const { body } = await service.api('GET', `/api/alerts/${id}`)
    expect(body.status).toBe('resolved')
    await leave(tab)
  })

  it('maintenance that was announced is among the silences', async () => {
    const topic = 'notifications/system/maintenance'
    const payload = { type: 'started', services: ['boiler'], message: 'A new burner' }
    await service.api('POST', '/api/routes/publish', { topic, payload })
    const tab = await open('#/alerts?view=silences')
    await tab.page.getByRole('heading', { name: 'A new burner' }).waitFor()
    await tab.page.getByText('boiler').first().waitFor()
    await leave(tab)
  })

  it('a channel is listed with everybody who is on it', async () => {
    const at = `${service.url.replace('http', 'ws')}/ws/chat/lobby`
    const clients = ['mia', 'noah'].map((user) => new WebSocket(`${at}?user_id=${user}`))
    await Promise.all(
      clients.map((client) => new Promise((done) => client.addEventListener('message', done))),
    )
    const tab = await open('#/connections?view=channels&q=lobby')
    const row = tab.page.getByRole('link', { name: /presence-chat\.room\.lobby/ })
    await row.getByText('2 clients').waitFor()
    expect(await row.textContent()).toMatch(/mia.*noah|noah.*mia/)
    expect(await accessibilityViolations(tab.page)).toEqual([])
    await leave(tab)
    for (const client of clients) client.close()
  })

  it('a list is saved as CSV and as JSON; no cell becomes a formula', async () => {
    const tab = await open('#/people')
    const { page } = tab
    await page.getByRole('link', { name: /ada/ }).waitFor()
    const saved = async (name: string) => {
      const [file] = await Promise.all([
        page.waitForEvent('download'),
        page.getByRole('button', { name, exact: true }).click(),
      ])
      return { name: file.suggestedFilename(), text: await readFile(await file.path(), 'utf8') }
    }
    const json = await saved('Save as JSON')
    expect(json.name).toBe('belfry-people.json')
    expect(JSON.parse(json.text)).toContainEqual(expect.objectContaining({ id: 'ada' }))
    const csv = await saved('Save as CSV')
    const [head = '', ...rows] = csv.text.split('\r\n')
    expect(head.split(',')).toContain('email')
    expect(rows.find((row) => row.startsWith('ada,'))).toContain('ada@example.com')
    expect(csv.text).not.toMatch(/(^|,)[=+@]/m)
    await leave(tab)
  })

  it('[S0-085] why somebody was not notified is said before the details', async () => {
    await service.api('PUT', '/api/users/grace', { email: 'grace@example.com' })
    await service.api('PUT', '/api/users/grace/preferences', { email: false })
    const message = { title: 'Unheard', message: 'M', channels: ['email', 'slack'] }
    const { body } = await service.api('POST', '/api/notifications', {
      ...{ to: 'user:grace', ...message },
    })
    const tab = await open(`#/live/${body.notifications[0].notification_id}`)
    const panel = tab.page.getByRole('complementary', { name: 'Unheard' })
    await panel.getByText('the recipient switched this channel off').first().waitFor()
    await panel.getByText('the profile has no address for it').first().waitFor()
    await leave(tab)
  })

  it.each(['light', 'dark'] as const)(
    'the link in the mail of an alert acknowledges it without signing in: %s',
    async (colorScheme) => {
      const message = `Freezer ${colorScheme} is at -4 °C`
      const id = await raiseAlert(service, message)
      const link = await waitFor(async () => {
        const { body } = await service.api('GET', '/api/outbox?channel=email&limit=100')
        const mail = body.data.find(({ text }: { text: string }) => text.includes(message))
        return /https?:\S+\/a\/[\w.-]+/.exec(mail?.text ?? '')?.[0] ?? null
      })
      const tab = await browser.open(link, { ...SCREENS.phone, colorScheme })
      const button = tab.page.getByRole('button', { name: 'Acknowledge' })
      expect((await button.boundingBox())?.height).toBeGreaterThanOrEqual(48)
      expect(await accessibilityViolations(tab.page)).toEqual([])
      await takePicture(tab.page, `link-${colorScheme}`)
      expect((await service.api('GET', `/api/alerts/${id}`)).body.status).toBe('triggered')
      await button.tap()
      await tab.page.getByText('Acknowledged by ada').waitFor()
      expect((await service.api('GET', `/api/alerts/${id}`)).body.status).toBe('acknowledged')
      expect(await accessibilityViolations(tab.page)).toEqual([])
      await leave(tab)
    },
  )

  it('while the service is away the page says so, and goes on when it is back', async () => {
    const tab = await open('#/live')
    const { page } = tab
    await page.getByText('Live: what happens is seen as it happens').waitFor({ state: 'attached' })
    await visit(page, 'queues', 'Queues')
    const queue = page.getByRole('button', { name: 'Pause email' })
    await queue.waitFor()
    await service.kill()
    await page.getByText('No connection; trying again').waitFor({ state: 'attached' })
    await page.getByRole('alert').getByText('The service does not answer').waitFor()
    expect(await accessibilityViolations(page)).toEqual([])
    await takePicture(page, 'away')
    await visit(page, 'connections', 'Connections')
    await page.getByText('This page could not be loaded').waitFor()
    await service.restart()
    await page.getByRole('button', { name: 'Load again' }).click()
    await page.getByRole('heading', { level: 1, name: 'Connections' }).waitFor()
    await visit(page, 'queues', 'Queues')
    await queue.waitFor()
    await page.getByText('Live: what happens is seen as it happens').waitFor({ state: 'attached' })
    await tab.close()
  })
})
