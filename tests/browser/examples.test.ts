import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import PusherServer from 'pusher'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { waitFor } from '../support/wait-for.ts'
import { accessibilityViolations } from './support/accessibility.ts'
import { BellBench } from './support/bell-bench.ts'
import { requireBrowser, SCREENS, takePicture } from './support/browser.ts'

const SECRET = 'of-the-examples'
const PUBLISHERS = join(import.meta.dirname, '..', '..', 'examples', 'esp32')
const run = promisify(execFile)

describe.skipIf(!requireBrowser())('the examples', () => {
  let bench: BellBench
  let backend: PusherServer

  beforeAll(async () => {
    bench = await BellBench.start({ BELFRY_APP_SECRET: SECRET })
    const { hostname: host, port } = new URL(bench.service.url)
    const app = { appId: 'belfry', key: 'belfry', secret: SECRET }
    backend = new PusherServer({ ...app, host, port, useTLS: false })
  })
  afterAll(() => bench?.stop())

  it('[S2-047 S2-056 S2-057 S2-058 S2-059] csr-dashboard: plain Laravel Echo hears it all', async () => {
    const tab = await bench.browser.open(bench.address('csr-dashboard', 'admin'))
    const { page } = tab
    const tell = (channel: string, event: string, data: object) =>
      backend.trigger(channel, event, data)
    const large = { donation_id: 'd1', amount: 5000, currency: 'EUR', donor_name: 'Ada' }
    await waitFor(async () => {
      await tell('admin-dashboard', 'donation.large', { data: large })
      return (await page.locator('#count').textContent()) !== '0'
    })
    await tell('admin-dashboard', 'donation.large', { ...large, amount: 12_000, donor_name: null })
    await page.getByText('Somebody gave €12,000').waitFor()
    expect(await page.locator('#largest').textContent()).toBe('€12,000')
    const campaign = { campaign_id: 'c1', campaign_title: 'Clean water' }
    await tell('admin-dashboard', 'campaign.milestone', { data: { ...campaign, milestone: '50' } })
    await page.getByRole('progressbar', { name: 'Clean water' }).waitFor()
    await tell('admin-dashboard', 'campaign.progress', { data: { ...campaign, percent: 62 } })
    await page.getByText('62 %').waitFor()
    await tell('admin-dashboard', 'campaign.approval_needed', {
      data: { campaign_id: 'c2', campaign_title: 'Trees', requested_by: 'Bo' },
    })
    await page.getByText('Trees, asked for by Bo').waitFor()
    expect(await page.locator('#approval-badge').textContent()).toBe('1')
    await tell('private-security-alerts', 'security.alert', {
      message: 'Unauthorized access',
      data: { alert_type: 'unauthorized_access', severity: 'high' },
    })
    await page.getByRole('status').filter({ hasText: 'Unauthorized access' }).waitFor()
    await bench.notify('admin', { title: 'For you', message: 'alone' })
    await page.getByText('For you: alone').waitFor()
    await takePicture(page, 'csr-dashboard')
    expect(await accessibilityViolations(page)).toEqual([])
    expect(tab.errors).toEqual([])
    await tab.close()
  })

  const publishers: readonly (readonly [string, readonly string[]])[] = [
    ['sh', ['publish.sh']],
    ['python3', ['publish.py']],
    [process.execPath, ['publish.mjs']],
  ]

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

  it.each(publishers)(
    'esp32: %s %j raises and resolves the same alert',
    async (program, [script = '']) => {
      const { mqttPort } = bench.service
      const where =
        program === process.execPath
          ? [`mqtt://127.0.0.1:${mqttPort}`]
          : ['127.0.0.1', String(mqttPort)]
      const isOpen = async () => {
        const { body } = await bench.service.api('GET', '/api/alerts?user_id=admin')
        return body.data.some(({ source }: { source: string }) => source === 'pump-7')
      }
      await run(program, [join(PUBLISHERS, script), 'high', ...where])
      await waitFor(isOpen)
      await run(program, [join(PUBLISHERS, script), 'low', ...where])
      await waitFor(async () => !(await isOpen()))
    },
  )

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
