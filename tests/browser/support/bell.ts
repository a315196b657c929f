import type { Locator, Page } from 'playwright-core'
import { waitFor } from '../../support/wait-for.ts'

/** The parts of `<notification-bell>` as somebody finds them who looks, or listens to a reader. */
export class BellOnPage {
  readonly button: Locator
  readonly badge: Locator
  readonly panel: Locator
  readonly items: Locator
  readonly #page: Page

  constructor(page: Page) {
    const bell = page.locator('notification-bell')
    this.#page = page
    this.button = bell.locator('button[aria-haspopup="dialog"]')
    this.badge = bell.locator('[part="badge"]')
    this.panel = bell.getByRole('dialog')
    this.items = bell.locator('li[part~="item"]')
  }

  /** Waits until it says that it hears everything. */
  async isLive(): Promise<void> {
    const state = this.#page.locator('notification-bell [data-state="connected"]')
    await state.waitFor({ state: 'attached' })
  }

  /** Waits until the badge shows this; '0': until it is gone. */
  async counts(count: string, timeout = 25_000): Promise<void> {
    if (count === '0') await this.badge.waitFor({ state: 'hidden', timeout })
    else await this.badge.and(this.#page.getByText(count, { exact: true })).waitFor({ timeout })
  }

  titles(): Promise<string[]> {
    return this.items.locator('.title').allTextContents()
  }

  /** Waits until something with these words has the focus, seen through the shadow: its text or its label. */
  async focuses(words: string): Promise<void> {
    let focused = ''
    await waitFor(
      async () => {
        focused = await this.#page.evaluate(() => {
          const element = document.activeElement?.shadowRoot?.activeElement
          return element?.getAttribute('aria-label') ?? element?.textContent ?? ''
        })
        return focused.includes(words)
      },
      { message: () => `not "${words}" has the focus, but "${focused}"` },
    )
  }
}
