import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startService, type TestService } from '../support/service.ts'
import { requireBrowser, startBrowser, type TestBrowser } from './support/browser.ts'

describe.skipIf(!requireBrowser())('what the service itself shows in a browser', () => {
  let service: TestService
  let browser: TestBrowser

  beforeAll(async () => {
    ;[service, browser] = await Promise.all([startService(), startBrowser()])
  })
  afterAll(async () => {
    await Promise.all([service?.stop(), browser?.close()])
  })

  it('/docs shows the HTTP interface, under the policy that the service sets', async () => {
    const { page, errors, close } = await browser.open(`${service.url}/docs`)
    // Only what is in sight is drawn.
    await page.locator('[data-path^="/api/"]').first().waitFor()
    expect(errors).toEqual([])
    await close()
  })
})
