import type { Locator, Page } from 'playwright-core'
import { expect } from 'vitest'
import type { TestService } from '../../support/service.ts'
import { waitFor } from '../../support/wait-for.ts'
import type { TestPage } from './browser.ts'

/** What a careless page would run; `pwned` would be set. */
export const HOSTILE = `<img src=x onerror="window.pwned=1"><script>window.pwned=1</script>`

/** People, messages, alerts and a template, as a workshop would have them after a morning. */
export async function fillWorkshop({ api }: TestService): Promise<void> {
  await api('PUT', '/api/users', {
    users: [
      {
        ...{ id: 'ada', email: 'ada@example.com', phone: '+12025550123', roles: ['admin'] },
        ...{ groups: ['ops'], devices: [{ platform: 'ios', token: 'token-of-ada' }] },
      },
      { id: 'grace', email: 'grace@example.com', timezone: 'Europe/Paris', groups: ['ops'] },
    ],
  })
  await api('PUT', '/api/users/ada/preferences', { sms: true })
  const send = (to: unknown, message: object) =>
    api('POST', '/api/notifications', { to, ...message })
  const channels = ['realtime', 'email', 'sms', 'push']
  const deploy = { title: 'Deploy', message: 'Two pairs of eyes', priority: 'high', channels }
  await send('user:ada', deploy)
  await send('user:grace', { title: 'Paid', message: 'Invoice 2041', priority: 'high' })
  await api('POST', '/api/templates', {
    ...{ name: 'order.shipped', permitted_params: ['id'] },
    ...{ title_template: 'Order {{ id }}', message_template: 'It is on its way.' },
  })
  await api('POST', '/api/schedules', {
    name: 'First line',
    rules: [
      {
        rotation: {
          ...{ type: 'daily', starts_at: '2026-01-05T08:00:00Z', participants: ['ada', 'grace'] },
        },
      },
    ],
  })
  await raiseAlert({ api }, 'Freezer 3 is at -4 °C')
  await waitFor(async () => (await api('GET', '/api/outbox?channel=email')).body.data.length > 1)
}

/** A critical alert of a source of its own; answers its id. */
export async function raiseAlert(
  { api }: Pick<TestService, 'api'>,
  message: string,
  severity = 'critical',
): Promise<string> {
  const alert = { type: 'temperature', severity, message, source: message.slice(0, 60) }
  const { body } = await api('POST', '/api/alerts', alert)
  return body.alert_id
}

/** Goes to a page of the dashboard by its address alone. */
export async function visit(page: Page, hash: string, heading: string | RegExp): Promise<void> {
  await page.evaluate((to) => {
    location.hash = to
  }, `#/${hash}`)
  await page.getByRole('heading', { level: 1, name: heading }).waitFor()
}

/** Closes the page, which must have been well to the end. */
export async function leave({ errors, close }: TestPage): Promise<void> {
  expect(errors).toEqual([])
  await close()
}

/** What a mail's preview says; scripts are off in it, those of a test too, so its parent looks. */
export function sheetText(within: Locator): Promise<string> {
  return within
    .locator('iframe')
    .evaluate((frame) => (frame as HTMLIFrameElement).contentDocument?.body.textContent ?? '')
}

/** Whether {@link HOSTILE} ran, on the page or on a sheet in it. Runs in the page. */
export function ranAnything(): boolean {
  const sheets = [...document.querySelectorAll('iframe')].map((frame) => frame.contentWindow)
  return [window, ...sheets].some((each) => each !== null && 'pwned' in each)
}
