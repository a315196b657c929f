import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { accessibilityViolations } from './support/accessibility.ts'
import { BellOnPage } from './support/bell.ts'
import { BellBench } from './support/bell-bench.ts'
import { requireBrowser, SCREENS, takePicture } from './support/browser.ts'
import { RICH_INBOX } from './support/inbox.ts'

const LOOKS = [
  { screen: 'desktop', scheme: 'light', dir: 'ltr' },
  { screen: 'desktop', scheme: 'dark', dir: 'rtl' },
  { screen: 'phone', scheme: 'light', dir: 'rtl' },
  { screen: 'phone', scheme: 'dark', dir: 'ltr' },
] as const

describe.skipIf(!requireBrowser())('how the bell looks', () => {
  let bench: BellBench

  beforeAll(async () => {
    bench = await BellBench.start()
    await bench.notify('reader', ...RICH_INBOX)
  })
  afterAll(() => bench?.stop())

  it.each(LOOKS)('axe finds nothing wrong: $screen, $scheme, $dir', async (look) => {
    const { screen, scheme, dir } = look
    const options = { ...SCREENS[screen], colorScheme: scheme }
    const tab = await bench.browser.open(bench.address('plain-bell', 'reader', { dir }), options)
    const bell = new BellOnPage(tab.page)
    await bell.counts('5')
    const name = `bell-${screen}-${scheme}-${dir}`
    expect(await accessibilityViolations(tab.page)).toEqual([])
    await bell.button.click()
    await bell.items.nth(4).waitFor()
    await bell.panel.evaluate((panel) => Promise.all(panel.getAnimations().map((a) => a.finished)))
    await takePicture(tab.page, name)
    expect(await accessibilityViolations(tab.page)).toEqual([])
    const box = await bell.panel.boundingBox()
    const { width, height } = SCREENS[screen].viewport
    expect(box?.x).toBeGreaterThanOrEqual(0)
    expect((box?.x ?? 0) + (box?.width ?? 0)).toBeLessThanOrEqual(width)
    expect((box?.y ?? 0) + (box?.height ?? 0)).toBeLessThanOrEqual(height)
    await bell.panel.getByRole('button', { name: 'Preferences' }).click()
    await bell.panel.getByRole('switch').first().waitFor()
    await takePicture(tab.page, `${name}-preferences`)
    expect(await accessibilityViolations(tab.page)).toEqual([])
    expect(tab.errors).toEqual([])
    await tab.close()
  })
})
