import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core'
import { findServer } from '../../support/server-process.ts'

/** A browser for nothing but the pages of the test: no sync, no updates, no network of its own. */
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

/** Sizes of the screens that pages are looked at on. */
export const SCREENS = {
  desktop: { viewport: { width: 1280, height: 800 } },
  phone: { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true },
} as const satisfies Record<string, BrowserContextOptions>

/** A page, and what went wrong in it. */
export interface TestPage {
  readonly page: Page
  /** Uncaught errors, and messages of the level `error`: a page that is well has none. */
  readonly errors: readonly string[]
  /** Another tab of the same browser profile: it shares storage, locks and channels. */
  newTab(url: string): Promise<TestPage>
  close(): Promise<void>
}

/** Chromium, without a window, with a new profile. */
export interface TestBrowser {
  /** Opens a page in a profile of its own. */
  open(url: string, options?: BrowserContextOptions): Promise<TestPage>
  close(): Promise<void>
}

/**
 * Whether this machine has a browser: `describe.skipIf(!requireBrowser())`. With
 * `BELFRY_TEST_SERVERS=required` that it has none is a failure.
 */
export function requireBrowser(): boolean {
  if (findServer('chromium') !== null) return true
  const reason = 'chromium is not installed on this machine'
  if (process.env.BELFRY_TEST_SERVERS === 'required') throw new Error(reason)
  process.stderr.write(`skipped: ${reason}\n`)
  return false
}

/** Starts it; `close()` ends it with every page. */
export async function startBrowser(): Promise<TestBrowser> {
  const executablePath = findServer('chromium')
  if (executablePath === null) throw new Error('chromium is not installed on this machine')
  const browser: Browser = await chromium.launch({
    ...{ executablePath, args: FLAGS, headless: true },
    // People's browsers keep pages for the back button.
    ignoreDefaultArgs: ['--disable-back-forward-cache'],
  })
  return {
    async open(url, options = SCREENS.desktop) {
      const context = await browser.newContext(options)
      const openTab = async (address: string): Promise<TestPage> => {
        const page = await context.newPage()
        const errors: string[] = []
        page.on('pageerror', (error) => errors.push(String(error)))
        page.on('console', (message) => {
          if (message.type() !== 'error') return
          errors.push(`${message.text()} ${message.location().url}`)
        })
        await page.goto(address)
        return { page, errors, newTab: openTab, close: () => context.close() }
      }
      return openTab(url)
    },
    close: () => browser.close(),
  }
}

/** Keeps a picture of the page in `BELFRY_SCREENSHOTS`, where that is set, for people to look at. */
export async function takePicture(page: Page, name: string): Promise<void> {
  const folder = process.env.BELFRY_SCREENSHOTS
  if (folder === undefined) return
  mkdirSync(folder, { recursive: true })
  await page.screenshot({ path: join(folder, `${name}.png`) })
}
