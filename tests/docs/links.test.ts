import { existsSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { describe, expect, it } from 'vitest'
import { anchorsOf, prose, ROOT, readPages } from '../support/docs/pages.ts'

const pages = readPages()
const read = (path: string) => readFileSync(join(ROOT, path), 'utf8')
const MOST_README_LINES = 100

describe('the documentation', () => {
  it('has links that lead somewhere, anchors included', () => {
    const dead = pages.flatMap((page) =>
      [...prose(page).matchAll(/\]\(([^)\s]+)\)/g)].flatMap(([, target = '']) => {
        if (/^[a-z]+:/.test(target)) return []
        const [file = '', anchor = ''] = target.split('#')
        const path = file === '' ? page.path : normalize(join(dirname(page.path), file))
        if (!existsSync(join(ROOT, path))) return [`${page.path} → ${target}: no such file`]
        if (anchor === '' || anchorsOf(read(path)).has(anchor)) return []
        return [`${page.path} → ${target}: no such heading`]
      }),
    )
    expect(dead).toEqual([])
  })

  it('can be reached from README, every page of it', () => {
    const reached = new Set<string>()
    const waiting = ['README.md']
    for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
      if (reached.has(path)) continue
      reached.add(path)
      const page = pages.find((one) => one.path === path)
      if (page === undefined) continue
      for (const [, target = ''] of prose(page).matchAll(/\]\(([^)#\s]+\.md)[)#]/g)) {
        if (!/^[a-z]+:/.test(target)) waiting.push(normalize(join(dirname(path), target)))
      }
    }
    const lost = pages.filter(({ path }) => !reached.has(path) && !path.startsWith('docs/adr/'))
    expect(lost.map(({ path }) => path)).toEqual([])
  })

  it('names tests that exist for what it promises', () => {
    const rows = [...read('docs/explanations/promises.md').matchAll(TEST_LINK)]
    expect(rows.length).toBeGreaterThan(15)
    const missing = rows.filter(([, title = '', file = '']) => {
      const text = existsSync(join(ROOT, file)) ? read(file) : ''
      return !text.includes(title)
    })
    expect(missing.map(([, title, file]) => `${file}: ${title}`)).toEqual([])
  })

  it(`has a README of at most ${MOST_README_LINES} lines`, () => {
    expect(read('README.md').split('\n').length - 1).toBeLessThanOrEqual(MOST_README_LINES)
  })
})

/** [`title of a test`](../../tests/file.test.ts) */
const TEST_LINK = /\[`([^`]+)`\]\(\.\.\/\.\.\/(tests\/[^)]+)\)/g
