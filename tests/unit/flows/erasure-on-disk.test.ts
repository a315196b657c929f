import { randomUUID } from 'node:crypto'
import { existsSync, mkdtempDisposableSync, readFileSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { openSqliteStore } from '../../../src/store/sqlite/sqlite-store.ts'
import type { Op } from '../../../src/store/store.ts'
import { silentLog as log } from '../../support/delivery.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { FlowBench, HOUR_MS } from '../../support/flow-bench.ts'

it('[S0-087 G-24] erasing somebody leaves no byte of his in the file of the embedded store', async () => {
  using folder = mkdtempDisposableSync(join(tmpdir(), 'belfry-erased-'))
  const path = join(folder.path, 'belfry.db')
  const clock = new FakeClock()
  const store = openSqliteStore({ path, clock, log })
  const bench = new FlowBench({ store, clock })
  const { directory, personalData } = bench.services
  const user = randomUUID()
  const email = `${user.slice(0, 8)}.person@example.com`
  const found = () => {
    const bytes = [path, `${path}-wal`].filter(existsSync).map((file) => readFileSync(file))
    const count = (word: string) =>
      bytes.reduce((sum, each) => sum + each.toString('latin1').split(word).length - 1, 0)
    return { user: count(user), email: count(email) }
  }
  for (let n = 0; n < 300; n++) {
    await directory.save(`other-${n}`, { email: `n${n}@example.com` })
    await bench.send(`other-${n}`, { message: 'x'.repeat(n * 7) })
    if (n % 3 === 0) {
      await directory.save(user, {
        email,
        locale: n % 2 === 0 ? 'fr' : 'de',
        data: { n: 'y'.repeat(n * 11) },
      })
      await bench.send(user, { message: `${n} ${'x'.repeat(n * 13)}`, data: { email } })
    }
    if (n % 40 === 39) await bench.work()
  }
  await bench.pass(2 * HOUR_MS)
  expect(found().user).toBeGreaterThan(100)
  await personalData.erase(user)
  expect(found()).toEqual({ user: 0, email: 0 })
  expect(await bench.inbox('other-299')).toHaveLength(1)
  await store.close()
  expect(found()).toEqual({ user: 0, email: 0 })
})

it('[S0-087] the free pages of a large file are overwritten, and the file stays as it is', async () => {
  using folder = mkdtempDisposableSync(join(tmpdir(), 'belfry-large-'))
  const path = join(folder.path, 'belfry.db')
  const store = openSqliteStore({ path, clock: new FakeClock(), log })
  const mark = randomUUID()
  // The mark lies on a page of its own, as the middle of everything long does.
  const value = `${'x'.repeat(15_000)}${mark}${'x'.repeat(9_000)}`
  const key = (n: number) => `large:${n}`
  const numbers = Array.from({ length: 750 }, (_, n) => n)
  const all = (op: (n: number) => Op) =>
    Promise.all(numbers.map((n) => store.commit({ partition: 0, ops: [op(n)] })))
  const marks = () => readFileSync(path, 'latin1').split(mark).length - 1
  await all((n) => ['set', key(n), n === 0 ? 'kept' : value, 0])
  await store.scrub()
  expect(marks()).toBe(749)
  const { size } = statSync(path)
  await all((n) => (n === 0 ? ['set', key(0), 'kept', 0] : ['del', key(n)]))
  await store.scrub()
  expect(marks()).toBe(0)
  expect(statSync(`${path}-wal`).size).toBe(0)
  expect(statSync(path).size).toBeLessThan(size + 1_000_000)
  await all((n) => ['set', key(n), String(n), 0])
  expect(await store.get(0, key(7))).toBe('7')
  await store.close()
})
