import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { waitFor } from '../support/wait-for.ts'
import { BellOnPage } from './support/bell.ts'
import { BellBench } from './support/bell-bench.ts'
import { requireBrowser } from './support/browser.ts'

/** A page that is kept does not load again. */
const KEPT = { waitUntil: 'commit' } as const

describe.skipIf(!requireBrowser())('a page that the back button brings back', () => {
  let bench: BellBench

  beforeAll(async () => {
    bench = await BellBench.start()
  })
  afterAll(() => bench?.stop())

  it.each(['plain-bell', 'react-bell', 'vue-bell'])(
    '%s: is the very page that was left, hears again, and shows what came meanwhile',
    async (name) => {
      const user = bench.somebody()
      const tab = await bench.browser.open(bench.address(name, user))
      const { page } = tab
      const bell = new BellOnPage(page)
      await bell.isLive()
      await bench.notify(user, { title: 'one', message: 'before' })
      await bell.counts('1')
      await page.evaluate(() => Object.assign(window, { isTheSame: true }))

      await page.goto(elsewhere())
      await hasNoSocket(user)
      await bench.notify(user, { title: 'two', message: 'while it was put aside' })
      await page.goBack(KEPT)
      expect(await isKept(page)).toBe(true)
      await bell.counts('2')
      await bell.isLive()
      await bench.notify(user, { title: 'three', message: 'after' })
      await bell.counts('3')
      await bell.button.click()
      expect(await bell.titles()).toEqual(['three', 'two', 'one'])

      // And a second time: what was stopped once is not stopped for good.
      await page.goto(elsewhere())
      await hasNoSocket(user)
      await page.goBack(KEPT)
      expect(await isKept(page)).toBe(true)
      await bell.isLive()
      await bench.notify(user, { title: 'four', message: 'again' })
      await bell.counts('4')
      expect(tab.errors).toEqual([])
      await tab.close()
    },
  )

  it('a page that was put aside lets another tab have the connection, and shares it again', async () => {
    const user = bench.somebody()
    const one = await bench.browser.open(bench.address('react-bell', user))
    const [first] = [new BellOnPage(one.page)]
    await first.isLive()
    const other = await one.newTab(bench.address('vue-bell', user))
    const second = new BellOnPage(other.page)
    await second.isLive()
    await one.page.goto(elsewhere())
    await bench.notify(user, { title: 'Taken over', message: 'by the other tab' })
    await second.counts('1')
    await one.page.goBack(KEPT)
    await first.counts('1')
    await first.isLive()
    const { body } = await bench.service.api('GET', `/api/connections?user_id=${user}`)
    expect(body.data.filter(isActive)).toHaveLength(1)
    expect([...one.errors, ...other.errors]).toEqual([])
    await one.close()
  })

  /** A page without a bell. */
  const elsewhere = () => new URL('/', bench.address('plain-bell', 'nobody')).href

  /** Waits until the service knows that nobody listens: only then is anything missed. */
  async function hasNoSocket(user: string): Promise<void> {
    await waitFor(async () => {
      const { body } = await bench.service.api('GET', `/api/connections?user_id=${user}`)
      return !body.data.some(isActive)
    })
  }
})

const isActive = ({ is_active }: { readonly is_active: boolean }) => is_active

/** Whether it is the page that was there before, and not one that was loaded anew. */
function isKept(page: Page): Promise<boolean> {
  return page.evaluate(() => 'isTheSame' in window)
}
