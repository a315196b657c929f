import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startService, type TestService } from '../support/service.ts'
import { waitFor } from '../support/wait-for.ts'
import { accessibilityViolations } from './support/accessibility.ts'
import { requireBrowser, startBrowser, type TestBrowser, takePicture } from './support/browser.ts'
import { leave, sheetText, visit } from './support/workshop.ts'

describe.skipIf(!requireBrowser())('the dashboard, where something is written', () => {
  let service: TestService
  let browser: TestBrowser
  const open = (hash: string) => browser.open(`${service.url}/${hash}`)

  beforeAll(async () => {
    ;[service, browser] = await Promise.all([startService(), startBrowser()])
    await service.api('PUT', '/api/users/ada', {
      ...{ email: 'ada@example.com', phone: '+12025550123' },
      devices: [{ platform: 'ios', token: 'token-of-ada' }],
    })
    await service.api('PUT', '/api/users/ada/preferences', { sms: true })
  })
  afterAll(async () => {
    await Promise.all([service?.stop(), browser?.close()])
  })

  async function kept(channel: string, to: string) {
    return waitFor(async () => {
      const { body } = await service.api('GET', `/api/outbox?limit=100&channel=${channel}`)
      return body.data.find((each: { to: string }) => each.to === to) ?? null
    })
  }

  it('[S0-082 S0-084] Compose: own words for a channel, actions, digest and data', async () => {
    const tab = await open('#/compose?to=user:ada&message=Everywhere&channels=email,sms')
    const { page } = tab
    await page.getByText('Own words for a channel').click()
    await page.getByLabel('Message, sms').fill('Short & sweet')
    await page.getByLabel('Title, email').fill('A subject of its own')
    await page.getByLabel('HTML, email').fill('<h1>By hand</h1>')
    const sms = page.getByRole('region', { name: 'Preview: sms' })
    await sms.getByText('Short & sweet', { exact: true }).waitFor()
    const mail = page.getByRole('region', { name: 'Preview: email' })
    await waitFor(async () => (await sheetText(mail)).includes('By hand'))

    await page.getByText('Actions', { exact: true }).click()
    await page.getByRole('button', { name: 'Add an action' }).click()
    await page.getByText('Give each action a label.').waitFor()
    await page.getByLabel('Label', { exact: true }).fill('Look at it')
    await page.getByText('Give the action “Look at it” a URL.').waitFor()
    await page.getByLabel('URL', { exact: true }).fill('https://example.com/7')
    await page.getByText('At most so many').click()
    await page.getByLabel('How many').fill('3')
    await page.getByText('At most so many: say “Within” too.').waitFor()
    await page.getByLabel('Within').fill('1h')
    await page.getByText('at most 3 in 3600 s').waitFor()
    await page.getByText('When, and with what').click()
    await page.getByLabel('Data').fill('{"order":')
    await page.getByText('Data: this is not JSON yet.').waitFor()
    await page.getByLabel('Data').fill('{"order":7}')
    await page.getByText('Reaches 1 recipient.').waitFor()
    await takePicture(page, 'compose-full')
    expect(await accessibilityViolations(page)).toEqual([])

    // The address alone is the message.
    await page.reload()
    await page.getByText('at most 3 in 3600 s').waitFor()
    await page.getByRole('button', { name: 'Send' }).click()
    await page.waitForURL(/#\/live\//)
    expect((await kept('sms', '+12025550123')).text).toBe('Short & sweet')
    expect((await kept('email', 'ada@example.com')).subject).toBe('A subject of its own')
    const { body } = await service.api('GET', '/api/notifications?user_id=ada')
    expect(body.data[0]).toMatchObject({
      message: 'Everywhere',
      data: { order: 7 },
      actions: [{ type: 'view', label: 'Look at it', url: 'https://example.com/7' }],
    })
    await leave(tab)
  })

  it('[S0-083] Compose takes the words of a template with sample values, and schedules', async () => {
    await service.api('POST', '/api/templates', {
      ...{ name: 'greet', permitted_params: ['name'] },
      ...{ title_template: 'Good morning', message_template: 'Hello {{ name }}.' },
    })
    const tab = await open('#/compose?to=user:ada&channels=push')
    const { page } = tab
    await page.getByLabel('Words').selectOption('greet')
    const preview = page.getByRole('region', { name: 'Preview: push' })
    await preview.getByText('Hello NAME.').waitFor()
    await page.getByLabel('Values for the template').fill('{"name":"Ada"}')
    await preview.getByText('Hello Ada.').waitFor()
    const tomorrow = new Date(Date.now() + 86_400_000).toISOString().slice(0, 16)
    await page.getByLabel('Not before').fill(tomorrow)
    await page.getByRole('row', { name: /schedule waits/ }).waitFor()
    await page.getByRole('button', { name: 'Schedule' }).click()
    await page.getByText('Scheduled.').waitFor()
    const { body } = await service.api('GET', '/api/queues')
    const { scheduled } = body.data.find(({ name }: { name: string }) => name === 'notification')
    expect(scheduled).toBe(1)
    await leave(tab)
  })

  it('[S0-083] a template gets variants, and Stats says what came of each', async () => {
    await service.api('POST', '/api/templates', {
      ...{ name: 'welcome', permitted_params: ['name'], category: 'hello' },
      ...{ title_template: 'Welcome', message_template: 'Hello {{ name }}.' },
    })
    const tab = await open('#/templates/welcome')
    const { page } = tab
    await page.getByRole('button', { name: 'Add a variant' }).click()
    const source = page.getByLabel('The template')
    const written = JSON.parse(await source.inputValue())
    expect(Object.keys(written.variants)).toEqual(['a', 'b'])
    written.variants.b.locales.en.default.title = 'Come in!'
    await source.fill(JSON.stringify(written, null, 2))
    await page.getByRole('button', { name: 'Save as a new version' }).click()
    const variants = page.getByRole('region', { name: 'Variants' })
    await variants.getByRole('row', { name: /^b 50 %/ }).waitFor()
    await variants.getByLabel('Shown below').selectOption('b')
    await page.getByRole('region', { name: 'email' }).getByText('Come in!').first().waitFor()
    await takePicture(page, 'template-variants')
    expect(await accessibilityViolations(page)).toEqual([])
    // What else a template has is not lost by saving it here.
    expect((await service.api('GET', '/api/templates/welcome')).body.category).toBe('hello')

    for (let n = 0; n < 20; n++) {
      const body = { to: `user:guest-${n}`, template: 'welcome', params: { name: 'you' } }
      await service.api('POST', '/api/notifications', body)
    }
    await visit(page, 'stats?by=variant', 'Stats')
    const outcomes = page.getByRole('region', { name: 'What became of notifications' })
    await outcomes.getByRole('row', { name: /^a \d/ }).waitFor()
    await outcomes.getByRole('row', { name: /^b \d/ }).waitFor()
    await outcomes.getByText('By type').click()
    await outcomes.getByRole('row', { name: /^info \d/ }).waitFor()
    expect(page.url()).toContain('by=type')
    await outcomes.getByText('By day').click()
    await outcomes.getByRole('row', { name: /^20\d\d-\d\d-\d\d \d/ }).waitFor()
    await leave(tab)
  })

  it('the outbox releases attachments, and a push notification to the devices of somebody else', async () => {
    const topic = 'notifications/email/send'
    const attachments = [{ filename: 'bill.pdf', content: 'JVBERi0xLjQ=' }]
    const mail = { to: 'first@example.com', subject: 'Bill', body: 'One file', attachments }
    await service.api('POST', '/api/routes/publish', { topic, payload: mail })
    const { id } = await kept('email', 'first@example.com')
    const tab = await open(`#/outbox/${id}`)
    const { page } = tab
    await page.getByText('Release to a real address').click()
    await page.getByLabel('With 1 attachment: bill.pdf').waitFor()
    await page.getByLabel('E-mail address').fill('second@example.com')
    await page.getByRole('button', { name: 'Release' }).click()
    const { content } = await kept('email', 'second@example.com')
    expect(content.attachments).toMatchObject([{ filename: 'bill.pdf' }])

    const push = { to: 'user:ada', title: 'Ring', message: 'The bell', channels: ['push'] }
    await service.api('POST', '/api/notifications', push)
    const { id: pushed } = await kept('push', 'ada')
    await visit(page, `outbox/${pushed}`, 'Outbox')
    await page.getByText('Release to a real address').click()
    const field = page.getByLabel('Device token, or a user')
    expect(await field.inputValue()).toBe('user:ada')
    await field.fill('user:grace')
    await page.getByRole('button', { name: 'Release' }).click()
    await page.getByText('On its way to user:grace.').waitFor()
    await kept('push', 'grace')
    await leave(tab)
  })
})
