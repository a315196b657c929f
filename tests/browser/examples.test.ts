import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { waitFor } from '../support/wait-for.ts'
import { accessibilityViolations } from './support/accessibility.ts'
import { BellBench } from './support/bell-bench.ts'
import { requireBrowser, SCREENS, takePicture } from './support/browser.ts'

const PUBLISHERS = join(import.meta.dirname, '..', '..', 'examples', 'esp32')
const run = promisify(execFile)

describe.skipIf(!requireBrowser())('the examples', () => {
  let bench: BellBench

  beforeAll(async () => {
    bench = await BellBench.start()
  })
  afterAll(() => bench?.stop())

  it('[S2-047 S2-056 S2-057 S2-058 S2-059] csr-dashboard: plain Laravel Echo hears it all', async () => {
    const tab = await bench.browser.open(bench.address('csr-dashboard', 'admin'))
    const { page } = tab
    const tell = async (what: string, body: object) => {
      const path = `/api/broadcasting/${what}?user_id=backend`
      expect(await bench.service.api('POST', path, body)).toMatchObject({ status: 202 })
    }
    const large = { donation_id: 'd1', amount: 5000, currency: 'EUR', donor_name: 'Ada' }
    await waitFor(async () => {
      await tell('large-donation', { ...large, is_anonymous: false })
      return (await page.locator('#count').textContent()) !== '0'
    })
    await tell('large-donation', { ...large, amount: 12_000, is_anonymous: true })
    await page.getByText('Somebody gave €12,000').waitFor()
    expect(await page.locator('#largest').textContent()).toBe('€12,000')
    const campaign = { campaign_id: 'c1', campaign_title: 'Clean water', goal: 10_000 }
    await tell('campaign-milestone', { ...campaign, milestone: '50', amount: 5000 })
    await page.getByRole('progressbar', { name: 'Clean water' }).waitFor()
    await tell('campaign-progress', { ...campaign, amount: 6200 })
    await page.getByText('62 %').waitFor()
    const waiting = { campaign_id: 'c2', campaign_title: 'Trees', requested_by: 'Bo' }
    await tell('approval-needed', waiting)
    await page.getByText('Trees, asked for by Bo').waitFor()
    expect(await page.locator('#approval-badge').textContent()).toBe('1')
    const attack = { alert_type: 'unauthorized_access', message: 'Unauthorized access' }
    await tell('security-alert', attack)
    await page.getByRole('status').filter({ hasText: 'Unauthorized access' }).waitFor()
    await bench.notify('admin', { title: 'For you', message: 'alone' })
    await page.getByText('For you: alone').waitFor()
    await takePicture(page, 'csr-dashboard')
    expect(await accessibilityViolations(page)).toEqual([])
    expect(tab.errors).toEqual([])
    await tab.close()
  })

  it('on-call: an alert of a sensor is acknowledged with one thumb', async () => {
    await bench.service.api('POST', '/api/oncall/pump?user_id=admin', { members: ['ona'] })
    const options = { ...SCREENS.phone, colorScheme: 'dark' } as const
    const tab = await bench.browser.open(bench.address('on-call', 'ona'), options)
    await tab.page.getByText('All is calm').waitFor()
    await bench.publish('notifications/alerts/critical/pump', {
      message: 'No pressure in the main line',
      source: 'pump-3',
    })
    const button = tab.page.getByRole('button', { name: /No pressure/ })
    await button.waitFor()
    const { height = 0 } = (await button.boundingBox()) ?? {}
    expect(height).toBeGreaterThanOrEqual(48)
    await takePicture(tab.page, 'on-call')
    expect(await accessibilityViolations(tab.page)).toEqual([])
    await button.tap()
    await tab.page.getByText('ona looks after it').waitFor()
    expect(tab.errors).toEqual([])
    await tab.close()
  })

  it.each([
    { program: 'sh', script: 'publish.sh' },
    { program: 'python3', script: 'publish.py' },
    { program: 'node', script: 'publish.mjs' },
  ])('esp32/$script raises and resolves an alert', async ({ program, script }) => {
    const { mqttPort, mqttUrl } = bench.service
    const where = program === 'node' ? [mqttUrl] : ['127.0.0.1', String(mqttPort)]
    const isOpen = async () => {
      const { body } = await bench.service.api('GET', '/api/alerts?user_id=admin')
      return body.data.some(({ source }: { source: string }) => source === 'pump-7')
    }
    await run(program, [join(PUBLISHERS, script), 'high', ...where])
    await waitFor(isOpen)
    await run(program, [join(PUBLISHERS, script), 'low', ...where])
    await waitFor(async () => !(await isOpen()))
  })

  it('esp32: the sketch publishes what the scripts publish', () => {
    const read = (file: string) => readFileSync(join(PUBLISHERS, file), 'utf8')
    const sketch = read('belfry-sensor.ino')
    const sent = [...sketch.matchAll(/"(\{.*\})"/g)].map(([, text = '']) =>
      JSON.parse(text.replaceAll('\\"', '"')),
    )
    const said = [...read('publish.sh').matchAll(/'(\{.*\})'/g)].map(([, text = '']) =>
      JSON.parse(text),
    )
    expect(sent).toHaveLength(2)
    expect(sent).toEqual(said)
    expect(sketch).toContain('"notifications/alerts/critical/pump"')
  })
})
