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
import {
  fillWorkshop,
  HOSTILE,
  leave,
  raiseAlert,
  ranAnything,
  sheetText,
  visit,
} from './support/workshop.ts'

/** Every page by its address, with its heading. */
const PAGES = [
  ['live', 'Live'],
  ['alerts', 'Alerts'],
  ['alerts?view=oncall', 'On call'],
  ['alerts?view=silences', 'Silences'],
  ['outbox', 'Outbox'],
  ['compose?to=user:ada&title=Hello&message=World', 'Compose'],
  ['queues', 'Queues'],
  ['people/ada', 'People'],
  ['connections', 'Connections'],
  ['topics/notifications%2Frealtime%2Fuser%2F%7Buser_id%7D', 'Topics'],
  ['templates', 'Templates'],
  ['templates/order.shipped', 'order.shipped'],
  ['stats', 'Stats'],
  ['system', 'System'],
  ['system/dead-letters', 'Refused'],
  ['system/keys', 'Keys'],
  ['inbox', 'Inbox'],
] as const

const LOOKS = (['desktop', 'phone'] as const).flatMap((screen) =>
  (['light', 'dark'] as const).map((colorScheme) => ({ screen, colorScheme })),
)

describe.skipIf(!requireBrowser())('the dashboard', () => {
  let service: TestService
  let browser: TestBrowser
  const open = (hash = '', screen: keyof typeof SCREENS = 'desktop') =>
    browser.open(`${service.url}/${hash}`, SCREENS[screen])

  beforeAll(async () => {
    ;[service, browser] = await Promise.all([startService(), startBrowser()])
    await fillWorkshop(service)
  })
  afterAll(async () => {
    await Promise.all([service?.stop(), browser?.close()])
  })

  it.each(LOOKS)('axe finds nothing wrong with any page: $screen, $colorScheme', async (look) => {
    const options = { ...SCREENS[look.screen], colorScheme: look.colorScheme }
    const tab = await browser.open(`${service.url}/`, options)
    for (const [hash, heading] of PAGES) {
      if (look.screen === 'phone' && hash.includes('people/'))
        await visit(tab.page, 'people', heading)
      else if (look.screen === 'phone' && hash.startsWith('topics/')) {
        await visit(tab.page, 'topics', heading)
      } else await visit(tab.page, hash, heading)
      await tab.page.waitForLoadState('networkidle')
      expect(await accessibilityViolations(tab.page), hash).toEqual([])
      await takePicture(
        tab.page,
        `${heading.replaceAll(' ', '-')}-${look.screen}-${look.colorScheme}`,
      )
    }
    await leave(tab)
  })

  it('[S0-085] Live shows a message from its topic to the person, and why it did not take a channel', async () => {
    const tab = await open('#/live')
    const { page } = tab
    await page.getByText('Quiet. Ring the bell').waitFor()
    const topic = 'notifications/realtime/user/grace'
    const payload = { title: 'Cold chain', message: '9 °C', priority: 'critical' }
    await waitFor(async () => {
      await service.api('POST', '/api/routes/publish', { topic, payload })
      return (await page.getByRole('link', { name: /Cold chain/ }).count()) > 0
    })
    const row = page.getByRole('link', { name: /Cold chain/ }).first()
    await row.getByText('no_address').or(row.getByText('sms')).first().waitFor()
    const panel = page.getByRole('complementary', { name: 'Cold chain' })
    // New rows come on top: one that has moved under the pointer is aimed at again.
    await waitFor(async () => {
      await row.click()
      return (await panel.getByText(`MQTT publish on ${topic}`).count()) > 0
    })
    await panel.getByText('Accepted').waitFor()
    await panel.getByText('email: sent').waitFor()
    await panel.getByText('No sms').first().waitFor()
    expect(page.url()).toMatch(/#\/live\/[0-9a-f-]{36}/)

    const [id] = page.url().split('/').slice(-1)
    await service.api('PUT', `/api/notifications/${id}/read`, {}, { 'x-belfry-user': 'grace' })
    await panel.getByText('It was read.').waitFor()
    await leave(tab)
  })

  it('a filter is part of the address, and a pause holds back what comes in', async () => {
    const tab = await open('#/live?q=nobody-called-so')
    const { page } = tab
    await page.getByRole('button', { name: 'Pause' }).click()
    const body = { to: 'user:grace', title: 'Held back', message: 'While it stands still' }
    await waitFor(async () => {
      await service.api('POST', '/api/notifications', body)
      return (await page.getByRole('button', { name: /Go on \(/ }).count()) > 0
    })
    await page.keyboard.press('p')
    await page.getByText('Nothing that happened fits the filter').waitFor()
    await page.getByRole('searchbox').fill('held back')
    await page
      .getByRole('link', { name: /Held back/ })
      .first()
      .waitFor()
    expect(page.url()).toContain('q=held+back')
    await leave(tab)
  })

  it('at three in the morning, on a telephone: one tap acknowledges', async () => {
    const id = await raiseAlert(service, 'Pump 7 runs dry')
    const tab = await open('#/alerts', 'phone')
    const card = tab.page.getByRole('article').filter({ hasText: 'Pump 7 runs dry' })
    const clock = card.locator('.countdown b')
    const first = await clock.textContent()
    await waitFor(async () => (await clock.textContent()) !== first)
    const button = card.getByRole('button', { name: 'Acknowledge' })
    const box = await button.boundingBox()
    expect(box?.height).toBeGreaterThanOrEqual(44)
    await button.tap()
    await card.getByText('by operator').waitFor()
    const { body } = await service.api('GET', `/api/alerts/${id}`)
    expect(body).toMatchObject({ status: 'acknowledged', acknowledged_by: 'operator' })
    await leave(tab)
  })

  it('an alert that somebody else raises, snoozes or resolves is on the board at once', async () => {
    const tab = await open('#/alerts')
    const id = await raiseAlert(service, 'Disk 91 %', 'warning')
    const card = tab.page.getByRole('article').filter({ hasText: 'Disk 91 %' })
    await card.waitFor()
    await card.getByRole('link').click()
    const panel = tab.page.getByRole('complementary', { name: 'Disk 91 %' })
    await panel.getByText('triggered').first().waitFor()
    await panel.getByText('With a note').click()
    await panel.getByLabel('Note for the log').fill('looking')
    await panel.getByRole('button', { name: 'Snooze for 4 h' }).click()
    await panel.getByText('looking', { exact: true }).waitFor()
    await panel.getByText('back in').waitFor()
    await service.api('POST', `/api/alerts/${id}/resolve`, { user_id: 'grace' })
    await card.waitFor({ state: 'detached' })
    await leave(tab)
  })

  it('the calendar shows who is on call, and an override takes over', async () => {
    await service.api('POST', '/api/oncall/flood', { members: ['joan'] })
    const tab = await open('#/alerts?view=oncall')
    const { page } = tab
    await page.getByText(/Now on call: (ada|grace)/).waitFor()
    await page.getByLabel('Put on call').getByText('joan for flood').waitFor()
    await page.getByText('Overrides (0)').click()
    await page.getByLabel('Who', { exact: true }).fill('linus')
    await page.getByLabel('From').fill('2026-01-01T00:00')
    await page.getByLabel('Until').fill('2036-01-01T00:00')
    await page.getByRole('button', { name: 'Override' }).click()
    await page.getByText('Now on call: linus').waitFor()
    await page.getByRole('button', { name: 'Take back' }).click()
    await page.getByText(/Now on call: (ada|grace)/).waitFor()
    await leave(tab)
  })

  it('a silence is made and ended', async () => {
    const tab = await open('#/alerts?view=silences')
    const { page } = tab
    await page.getByText('New silence').click()
    await page.getByLabel('Matchers').fill('type="drill"')
    await page.getByLabel('Why').fill('A drill')
    await page.getByRole('button', { name: 'Silence' }).click()
    await page.getByRole('heading', { name: 'A drill' }).waitFor()
    await page.getByText('type="drill"').first().waitFor()
    await page.getByRole('button', { name: 'End it now' }).click()
    await page.getByText('The silence is over.').waitFor()
    await leave(tab)
  })

  it('the outbox shows a mail as it would have looked, and releases it', async () => {
    const tab = await open('#/outbox?channel=email')
    const { page } = tab
    await page
      .getByRole('link', { name: /Deploy/ })
      .first()
      .click()
    const panel = page.getByRole('complementary')
    await waitFor(async () => (await sheetText(panel)).includes('Two pairs of eyes'))
    await panel.getByText('Phone', { exact: true }).click()
    await waitFor(async () => {
      const box = await panel.locator('iframe').boundingBox()
      return box !== null && box.width <= 380
    })
    await panel.getByText('Headers', { exact: true }).click()
    await panel.getByText(/subject: Deploy/i).waitFor()
    await panel.getByText('Release to a real address').click()
    await panel.getByLabel('E-mail address').fill('eve@example.com')
    await panel.getByRole('button', { name: 'Release' }).click()
    await page.getByText('On its way to eve@example.com.').waitFor()
    await waitFor(async () => {
      const { body } = await service.api('GET', '/api/outbox?channel=email')
      return body.data.some(({ to }: { to: string }) => to === 'eve@example.com')
    })
    await leave(tab)
  })

  it('[S0-082 S0-084] Compose shows gates and previews before it sends, and the message as commands', async () => {
    const tab = await open('#/compose?priority=high&channels=realtime,email,sms')
    const { page } = tab
    await page.getByLabel('To', { exact: true }).fill('user:grace, linus@example.com')
    await page.getByLabel('Message', { exact: true }).fill('Come & see')
    await page.getByText('Reaches 2 recipients.').waitFor()
    await page
      .getByRole('row', { name: /sms left out/ })
      .first()
      .waitFor()
    const mail = page.getByRole('region', { name: 'Preview: email' }).first()
    await waitFor(async () => (await sheetText(mail)).includes('Come & see'))
    await page.getByText('As a command').click()
    await page
      .getByText(/mosquitto_pub (-p \d+ )?-q 1 -t notifications\/realtime\/user\/grace/)
      .waitFor()
    await page.getByText(/^curl .*api\/notifications/).waitFor()
    const before = await service.api('GET', '/api/notifications?user_id=grace')
    await page.getByRole('button', { name: 'Send' }).click()
    await page.waitForURL(/#\/live\//)
    const after = await service.api('GET', '/api/notifications?user_id=grace')
    expect(after.body.data.length).toBe(before.body.data.length + 1)
    expect(after.body.data[0].message).toBe('Come & see')
    await leave(tab)
  })

  it('a queue is paused and goes on; what failed is tried again', async () => {
    const tab = await open('#/queues')
    const { page } = tab
    await page.getByRole('button', { name: 'Pause webhook' }).click()
    await page.getByText('webhook waits.').waitFor()
    expect((await queueNamed('webhook')).paused).toBe(true)
    await page.getByRole('button', { name: 'Let webhook go on' }).click()
    await waitFor(async () => !(await queueNamed('webhook')).paused)

    await service.api('PUT', '/api/users/hooked', { webhook_url: 'http://127.0.0.1:9/hook' })
    const message = { message: 'Nobody may be called there', channels: ['webhook'] }
    await service.api('POST', '/api/notifications', { to: 'user:hooked', ...message })
    await waitFor(async () => (await queueNamed('webhook')).failed > 0)
    await visit(page, 'queues/webhook', 'Queues')
    const panel = page.getByRole('complementary')
    await panel.getByRole('button', { name: 'Retry', exact: true }).first().click()
    await page.getByText('It is tried again.').waitFor()
    await waitFor(async () => (await queueNamed('webhook')).failed > 0)
    await panel.getByRole('button', { name: 'Forget all' }).click()
    await panel.getByText('Nothing failed here').waitFor()
    await leave(tab)
  })

  it('a person is added, changed, and erased once it was said twice', async () => {
    const tab = await open('#/people')
    const { page } = tab
    await page.getByRole('button', { name: 'Add' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByLabel('Id').fill('margaret')
    await dialog.getByRole('button', { name: 'Add' }).click()
    const panel = page.getByRole('complementary', { name: 'margaret' })
    await panel.getByLabel('E-mail').fill('margaret@example.com')
    await panel.getByRole('button', { name: 'Save' }).first().click()
    await waitFor(async () => (await person('margaret')).email === 'margaret@example.com')
    await panel.getByRole('checkbox', { name: 'email' }).uncheck()
    await page.getByText('email is off.').waitFor()
    await panel.getByText('Quiet hours').click()
    await panel.getByLabel('From').fill('22:00')
    await panel.getByLabel('Until').fill('06:30')
    await panel.getByRole('button', { name: 'Save' }).nth(1).click()
    await panel.getByText(/Quiet hours 22:00–06:30/).waitFor()
    await panel.getByRole('button', { name: 'Erase' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Erase everything' }).click()
    await page.getByText('Nothing is kept of margaret any more.').waitFor()
    expect((await person('margaret')).email ?? null).toBeNull()
    await leave(tab)
  })

  it('a topic is tried, and published from a form made of its schema', async () => {
    const tab = await open(
      `#/topics/${encodeURIComponent('notifications/realtime/user/{user_id}')}`,
    )
    const panel = tab.page.getByRole('complementary')
    await panel.getByLabel('{user_id} (required)').fill('grace')
    await panel.getByRole('button', { name: 'Dry run' }).click()
    await panel.getByText('refuse', { exact: true }).waitFor()
    await panel.getByLabel('message (required)').fill('From the form')
    await panel.getByRole('button', { name: 'Publish' }).click()
    await tab.page.getByText('Published on notifications/realtime/user/grace.').waitFor()
    await panel.getByRole('link', { name: 'Notification' }).first().waitFor()
    await leave(tab)
  })

  it('[S0-083] a template is saved as a new version and shown on every channel', async () => {
    const tab = await open('#/templates/order.shipped')
    const { page } = tab
    const source = page.getByLabel('The template')
    const text = await source.inputValue()
    await source.fill(text.replace('It is on its way.', 'It left at noon.'))
    await page.getByRole('button', { name: 'Save as a new version' }).click()
    await page.getByText('Version 2 holds from now on.').waitFor()
    await page.getByText('It left at noon.').first().waitFor()
    await source.fill(text.replace('{{ id }}', '{{ not_permitted }}'))
    await page.getByRole('button', { name: 'Save as a new version' }).click()
    await page
      .getByRole('alert')
      .getByText(/not_permitted/)
      .waitFor()
    expect(tab.errors.every((error) => error.includes('422'))).toBe(true)
    await tab.close()
  })

  it('what was refused is shown with its reason; a key is made and revoked', async () => {
    await service.api('POST', '/api/notifications', { to: 'user:ada' })
    const tab = await open('#/system/dead-letters')
    const { page } = tab
    await page
      .getByRole('link', { name: /invalid_payload/ })
      .first()
      .click()
    await page.getByRole('complementary').getByText('Message is required').waitFor()
    await visit(page, 'system/keys', 'Keys')
    await page.getByText('New key').click()
    await page.getByRole('textbox', { name: 'Name' }).fill('ci')
    await page.getByRole('button', { name: 'Make it' }).click()
    await page.getByText('Copy it now').waitFor()
    await page.getByRole('button', { name: 'Revoke ci' }).click()
    await page.getByText('ci is revoked.').waitFor()
    await leave(tab)
  })

  it('[S4-025] a session is listed and disconnected', async () => {
    const socket = new WebSocket(`${service.url.replace('http', 'ws')}/ws?user_id=kilroy`)
    const closed = new Promise<void>((resolve) => {
      socket.onclose = () => resolve()
    })
    const tab = await open('#/connections')
    await tab.page.getByRole('link', { name: /kilroy/ }).click()
    await tab.page.getByRole('button', { name: 'Disconnect' }).click()
    await closed
    await leave(tab)
  })

  it('nothing that somebody wrote is ever run: it stays text on every page', async () => {
    const message = { title: HOSTILE, message: HOSTILE, type: 'x', priority: 'critical' }
    const channels = ['realtime', 'email', 'sms', 'push']
    await service.api('PUT', '/api/users/mallory', {
      ...{ email: 'mallory@example.com', phone: '+12025550199', locale: 'en' },
      data: { bio: HOSTILE },
    })
    await service.api('PUT', '/api/users/mallory/preferences', { sms: true })
    await service.api('POST', '/api/notifications', { to: 'user:mallory', ...message, channels })
    const topic = 'notifications/email/send'
    const html = `<p style="color:red">Hello</p>${HOSTILE}<a href="javascript:alert(1)">x</a>`
    const mail = { to: 'm@example.com', subject: HOSTILE, body: HOSTILE, html_body: html }
    await service.api('POST', '/api/routes/publish', { topic, payload: mail })
    const alert = await raiseAlert(service, HOSTILE)
    await service.api('POST', `/api/alerts/${alert}/snooze`, { for: '1h', note: HOSTILE })
    await service.api('POST', '/api/notifications', { to: 'user:ada', title: HOSTILE })
    const outbox = await waitFor(async () => {
      const { body } = await service.api('GET', '/api/outbox?limit=100')
      const hostile = body.data.filter(({ text }: { text: string }) => text.includes('onerror'))
      return hostile.length >= 4 ? hostile : null
    })
    const inbox = await service.api('GET', '/api/notifications?user_id=mallory')
    const letters = await service.api('GET', '/api/dead-letters')

    const tab = await open('')
    const { page } = tab
    const hashes = [
      ...[`live/${inbox.body.data[0].id}`, `alerts/${alert}`, 'people/mallory', 'outbox'],
      ...outbox.map(({ id }: { id: string }) => `outbox/${id}`),
      `system/dead-letters/${letters.body.data[0].id}`,
      `compose?to=user:mallory&title=${encodeURIComponent(HOSTILE)}&message=x`,
      `live?q=${encodeURIComponent(HOSTILE)}`,
    ]
    for (const hash of hashes) {
      await visit(page, hash, /./)
      // A page that goes on asking is looked at all the same.
      await page.waitForLoadState('networkidle', { timeout: 3_000 }).catch(() => undefined)
      expect(await page.evaluate(ranAnything), hash).toBe(false)
      expect(await page.locator('img[src="x"], script:not([src])').count(), hash).toBe(0)
    }
    await page.close()
  })

  async function queueNamed(name: string) {
    const { body } = await service.api('GET', '/api/queues')
    return body.data.find((queue: { name: string }) => queue.name === name)
  }

  async function person(id: string) {
    return (await service.api('GET', `/api/users/${id}`)).body
  }
})
