import { afterEach, beforeEach, expect, it } from 'vitest'
import type { AlertPage } from '../../../services/alerts/alert-board.ts'
import { AlertBench } from '../../support/alert-bench.ts'

let bench: AlertBench
beforeEach(() => {
  bench = new AlertBench()
})
afterEach(() => bench.store.close())

const MANY = 1100

/** Every page of a list, and how many there were. */
async function pages(given: Partial<AlertPage>) {
  const found: string[] = []
  let [cursor, count] = [null as string | null, 0]
  do {
    const page = await bench.services.alertBoard.list({
      ...{ status: 'open', type: null, limit: 100, ...given, cursor },
    })
    found.push(...page.data.map(({ id }) => id))
    cursor = page.next_cursor
    count += 1
  } while (cursor !== null)
  return { found, count }
}

it('open alerts come page by page, none left out, also where more began in one moment than a page holds', async () => {
  const raised: string[] = []
  for (let n = 0; n < MANY; n++) {
    const type = n % 10 === 0 ? 'tenth' : 'fire'
    raised.push(await bench.raise({ type, severity: 'warning', source: `s${n}` }))
  }
  bench.clock.advance(5)
  raised.push(await bench.raise({ source: 'last' }))
  const all = await pages({})
  expect(all.found.toSorted()).toEqual(raised.toSorted())
  expect(all).toMatchObject({ count: 12 })
  expect(all.found.at(-1)).toBe(raised.at(-1))
  expect((await pages({ type: 'tenth' })).found).toHaveLength(110)
  expect(await bench.services.alertStore.openCount()).toBe(MANY + 1)
  const ids: string[] = []
  for await (const { id } of bench.services.alertStore.open()) ids.push(id)
  expect(ids.toSorted()).toEqual(raised.toSorted())
})

it('by status; what is resolved is shown newest first', async () => {
  const ids: string[] = []
  for (const source of ['a', 'b', 'c', 'd']) {
    ids.push(await bench.raise({ source }))
    bench.clock.advance(1000)
  }
  const [a, b, c, d] = ids as [string, string, string, string]
  const doing = { who: 'ada', note: null }
  await bench.services.alertActions.acknowledge(b, doing)
  for (const id of [a, c]) await bench.services.alertActions.resolve(id, doing)
  const of = async (status: AlertPage['status']) => (await pages({ status, limit: 1 })).found
  expect(await of('open')).toEqual([b, d])
  expect(await of('acknowledged')).toEqual([b])
  expect(await of('triggered')).toEqual([d])
  expect(await of('resolved')).toEqual([c, a])
  expect(await of('all')).toEqual([d, c, b, a])
})

it('a cursor from elsewhere is refused', async () => {
  await expect(
    bench.services.alertBoard.list({ status: 'open', type: null, limit: 1, cursor: 'x' }),
  ).rejects.toThrow('The cursor is not one that this list gave out.')
})
